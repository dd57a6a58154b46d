// SPDX-License-Identifier: MIT
// What the kernel says of sched_ext in sysfs (Documentation/scheduler/sched-ext.rst, Linux 6.12).
// Thread: any.
#pragma once

#include <cstdint>
#include <string>

namespace schedrig::scx {

// "enabled", "disabled", "enabling", "disabling", "bypassing"...; empty: no sched_ext.
[[nodiscard]] std::string sched_ext_state();
[[nodiscard]] std::uint64_t hotplug_seq();
// The name of the scheduler that is attached; empty: none is.
[[nodiscard]] std::string attached_scheduler();
// How many schedulers have been enabled since boot.
[[nodiscard]] std::uint64_t enable_seq();

} // namespace schedrig::scx
