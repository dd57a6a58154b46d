// SPDX-License-Identifier: MIT
// What the kernel keeps of each CPU: its run queue (kernel/sched/sched.h) and its time by state
// (kernel_cpustat of include/linux/kernel_stat.h), of Linux 6.18. Thread: host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

struct ScxQueueFacts {
  std::uint32_t nr_running = 0;
  std::uint32_t flags = 0;
  std::uint64_t clock = 0;
};

struct CpuTime {
  std::string
      state; // "user", "nice", "system", ...: as /proc/stat orders them, by the kernel's enum
  std::uint64_t ns = 0;
};

struct CpuFacts {
  std::uint32_t cpu = 0;
  std::uint64_t address = 0; // of its struct rq
  std::uint32_t nr_running = 0;
  std::uint64_t nr_switches = 0;
  std::uint64_t clock_ns = 0;
  std::uint64_t clock_task_ns = 0;
  std::uint64_t curr = 0; // the task_struct that runs
  std::int32_t curr_pid = 0;
  std::string curr_comm;
  std::uint32_t rt_nr_running = 0;
  std::uint32_t dl_nr_running = 0;
  std::optional<ScxQueueFacts> scx; // of kernels that are built with it
  std::vector<CpuTime> times;
};

// CPUs 0 to nr_cpu_ids - 1 that the kernel has run queues for: those that are possible.
// kBadData: a pointer that leads astray; kNotFound: the kernel lacks what it has had for long.
Result<std::vector<CpuFacts>> walk_cpus(const KernelView& view);

} // namespace schedrig::kernel_view
