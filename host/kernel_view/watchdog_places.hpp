// SPDX-License-Identifier: MIT
// Where a kernel keeps what its watchdog of sched_ext schedulers goes by. Thread: host.
//
// A static variable of all schedulers up to Linux 7.0 (scx_watchdog_timeout, kernel/sched/ext.c);
// from 7.1 on a field of each scheduler (scx_sched.watchdog_timeout), with the watchdog's own
// period in scx_watchdog_interval. All are unsigned longs in jiffies.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

// The kernel's own addresses.
struct WatchdogPlaces {
  std::string_view timeout_name; // "scx_watchdog_timeout"
  std::uint64_t timeout = 0;
  std::uint64_t timestamp = 0;           // when it looked last; in the past or to come
  std::optional<std::uint64_t> interval; // none: half of the timeout
  std::uint64_t jiffies = 0;
  std::uint64_t jiffy_ns = 0; // of this kernel's HZ
};

// Of the scheduler that is attached. kSchedulerExit: none is (any more), from 7.1 on; kNotFound:
// the kernel has no such watchdog; kBadData: what leads there leads astray.
[[nodiscard]] Result<WatchdogPlaces> watchdog_places(const KernelView& view);

} // namespace schedrig::kernel_view
