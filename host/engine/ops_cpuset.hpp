// SPDX-License-Identifier: MIT
// Handlers of the ops on cpusets. Meanings and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const SetCpuset& op);
Result<> apply(OpContext& context, const ClearCpuset& op);
Result<> apply(OpContext& context, const SwapCpusets& op);

// Also what a cgroup definition with a cpuset does.
Result<> limit_cpus(OpContext& context, Cgroup& cgroup, const CpusetSpec& spec);

} // namespace schedrig::engine
