// SPDX-License-Identifier: MIT
// Workers as tasks: nobody knows a worker's pid when the scenario is written, the books do when it
// runs. Thread: host.
#pragma once

#include <schedrig/ops.hpp>
#include <schedrig/result.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// A cold op whose targets name no worker any more but the task that it is, with its start as
// /proc/PID/stat has it. Reads that file, so before the machine stands still: until then no other
// process can have the pid, since a worker is reaped when its group is stopped and not before.
// kNotFound: no such cgroup or worker; kOs: its stat cannot be read.
Result<Op> with_workers_as_tasks(OpContext& context, const Op& op);

} // namespace schedrig::engine
