// SPDX-License-Identifier: MIT
// NUMA memory policies of worker groups: what may be asked for, and asking for it around a spawn.
// Rules: docs/reference/ops.md, "Memory policy".
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// kInvalidArgument: nodes where the mode takes none, none or several where it takes some or one, a
// node that the cpuset has no CPU of; without a cpuset every node of the topology is fine. Pure.
[[nodiscard]] Result<> check_mem_policy(const MemPolicy& policy, const TopologyView& topology,
                                        std::span<const std::uint32_t> cpuset);

// Before and after spawning a group with this policy; nothing to do for the default.
Result<> begin_mem_policy(OpContext& context, const MemPolicy& policy, const Cgroup* cgroup);
Result<> end_mem_policy(OpContext& context, const MemPolicy& policy);

} // namespace schedrig::engine
