// SPDX-License-Identifier: MIT
// Where a field of one task lies, if the task is the one that is meant and nothing in the kernel
// holds on to its scheduling state: what is checked stays true only while the machine stands still.
// Thread: host.
#pragma once

#include <cstdint>

#include <schedrig/kernel_targets.hpp>
#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

// A tick of the times in /proc: USER_HZ is 100 on x86-64 in every kernel (asm-generic/param.h).
inline constexpr std::uint64_t kProcTickNs = 10'000'000;

// Looked at in this order, each with an error of its own that says what was found: a task with the
// pid; its start within one tick from target.start_time_ns on (field 22 of /proc/PID/stat is cut to
// ticks); alive; not on a run queue; on no dispatch queue of sched_ext's and not in its list of
// runnable tasks; of sched_ext's class, by the class's address; a start that is set.
// kInvalidArgument: the field is not `bytes` wide, or the task is in no state for it; kNotFound: no
// such field or task; kBadData: the kernel's lists lead astray; kUnsupported: the kernel has no
// sched_ext.
Result<Places> task_field(const KernelView& view, const TaskTarget& target, std::uint64_t bytes);

} // namespace schedrig::kernel_view
