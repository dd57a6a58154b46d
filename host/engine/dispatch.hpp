// SPDX-License-Identifier: MIT
// From an op to its handler, with the record that the report keeps of it.
#pragma once

#include <span>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// Applies the first of the ops, or as many from the first on as belong together (cold_run.hpp). An
// error of the last record, if any, says what was tried on what; the caller adds where the op
// stands.
[[nodiscard]] std::vector<OpRecord> apply_next(OpContext& context, std::span<const Op> ops,
                                               std::uint32_t index, std::uint32_t iteration);

} // namespace schedrig::engine
