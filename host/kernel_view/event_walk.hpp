// SPDX-License-Identifier: MIT
// What sched_ext counts (struct scx_event_stats of kernel/sched/ext_internal.h): each CPU has its
// own counters, of the attached scheduler. Linux 6.15 has them in the per-CPU variable
// event_stats_cpu, 6.16 and 6.17 behind scx_sched.event_stats_cpu, later ones behind
// scx_sched.pcpu. Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

// By the kernel's names, over all CPUs; those that this kernel has. Empty: nothing is attached, or
// the kernel counts nothing.
using EventCounters = std::vector<std::pair<std::string, std::uint64_t>>;
Result<EventCounters> walk_events(const KernelView& view);

} // namespace schedrig::kernel_view
