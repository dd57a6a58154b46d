// SPDX-License-Identifier: MIT
// What the isolation check needs to know of workers whose cpuset came after they were started.
// Thread: host.
#pragma once

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// The cgroup has a cpuset from now on (empty: none), in the machine already: tells the books. CPUs
// that workers without one have used so far are set aside, where the machine can tell which.
Result<> note_cpuset(OpContext& context, Cgroup& cgroup, const std::vector<std::uint32_t>& cpus);

// The same for a group that comes into a cgroup; before the books move it.
Result<> note_arrival(OpContext& context, WorkerGroup& group, const Cgroup& to);

} // namespace schedrig::engine
