// SPDX-License-Identifier: MIT
// Worker groups: spawn into place, stop and collect. The order spawn -> cgroup.procs -> start makes
// sure that no worker does a unit of work outside its cgroup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// How many workers `work` means on `cpus` CPUs: workers as given, workers_pct of the CPUs rounded
// up to whole groups of the type, else one group.
[[nodiscard]] std::uint32_t worker_count(const WorkGroup& work, std::size_t cpus);

// Spawns and starts a group in a managed cgroup, or in the runner's (nullptr). On error nothing of
// the group is left.
Result<> spawn_workers(OpContext& context, const WorkGroup& work, Cgroup* cgroup);

// Stop the groups of a cgroup, or those of an owner that are beside the runner or in a cgroup of
// another owner, and record their workers' reports. They go on after an error and return the first.
Result<> stop_workers_of_cgroup(OpContext& context, Cgroup& cgroup);
Result<> stop_workers_elsewhere(OpContext& context, Owner owner);

} // namespace schedrig::engine
