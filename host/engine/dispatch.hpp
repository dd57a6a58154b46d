// SPDX-License-Identifier: MIT
// From an op to its handler, with the record that the report keeps of it.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// Applies one op. The record's error, if any, says what was tried on what; the caller adds where
// the op stands.
[[nodiscard]] OpRecord apply_op(OpContext& context, const Op& op, std::uint32_t index,
                                std::uint32_t iteration);

} // namespace schedrig::engine
