// SPDX-License-Identifier: MIT
// Handlers of the ops that read and write the guest kernel's memory. Hot ones work while the
// machine runs; cold ones in freeze windows, which neighbours share (cold_run.hpp). Thread: host.
#pragma once

#include <span>
#include <vector>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const ReadKernelHot& op);
Result<> apply(OpContext& context, const WriteKernelHot& op);

// Applies a run of cold ops (cold_run) in one freeze window. Sharing it changes no outcome: each op
// is checked whole and then done, in order, before the next is looked at; after one that fails the
// rest is left out. Returns the records of those that were tried, at least one.
[[nodiscard]] std::vector<OpRecord> apply_cold(OpContext& context, std::span<const Op> ops,
                                               std::uint32_t index, std::uint32_t iteration);

} // namespace schedrig::engine
