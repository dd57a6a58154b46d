// SPDX-License-Identifier: MIT
// What the monitor has seen of the run queues, as data. Owned values; thread: any. Times are
// nanoseconds of the machine's clock, but for those of run queues, which are the kernel's own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace schedrig::engine {

struct MonitoredCpu {
  std::uint32_t cpu = 0;
  std::uint32_t nr_running = 0;
  std::uint32_t local_depth = 0; // tasks in its local dispatch queue
  std::uint64_t clock_ns = 0;    // of its run queue
  bool idle = false;
};

struct MonitorSample {
  std::int64_t at_ns = 0;
  std::vector<MonitoredCpu> cpus;
  std::uint32_t deepest = 0;     // tasks in the longest dispatch queue of all
  std::string deepest_queue;     // which; empty: all are empty
  std::int64_t longest_wait = 0; // of a task for a CPU
  // Of sched_ext, by name, over all CPUs, since the scheduler was attached; where there are any.
  std::vector<std::pair<std::string, std::uint64_t>> counters;
};

struct MonitorRecord {
  std::int64_t period_ns = 0;
  std::uint64_t taken = 0;
  std::uint64_t unreadable = 0;       // in the middle of a change, or gone
  std::string error;                  // of the last of those
  std::vector<MonitorSample> samples; // the first of them
};

} // namespace schedrig::engine
