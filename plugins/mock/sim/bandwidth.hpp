// SPDX-License-Identifier: MIT
// Bandwidth: cpu.max of one cgroup (struct cfs_bandwidth and the runtime of its cfs_rqs,
// kernel/sched/fair.c, Linux 6.18): a pool that a period timer fills, from which CPUs take slices.
// Plain state with its arithmetic; Engine throttles and wakes tasks. Times: nanoseconds.
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/mock/sim/costs.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"
#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

// What cpu.stat shows; none of it is reset by a new limit.
struct BandwidthStats {
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  Nanos throttled_ns = 0; // summed over CPUs
  std::uint64_t bursts = 0;
  Nanos burst_ns = 0;
};

struct BandwidthLimit {
  Nanos quota_ns = -1; // -1: none
  Nanos period_ns = 100'000'000;
  Nanos burst_ns = 0;
};

struct Bandwidth {
  struct PerCpu {
    Nanos remaining = 0;
    Nanos throttled_at = 0;
  };

  std::uint64_t cgroup_id = 0; // 0: the slot is free
  BandwidthLimit limit;
  BandwidthStats stats;
  Nanos pool = 0;
  Nanos pool_before = 0; // after the last fill: what burst is measured from
  bool timer_armed = false;
  bool idle = false; // nothing was taken since the last fill
  std::uint32_t generation = 0;
  CpuMask throttled;
  std::vector<PerCpu> cpus;
  std::vector<TaskId> waiting; // throttled tasks, in the order of their throttling

  // __refill_cfs_bandwidth_runtime().
  void fill();
  // assign_cfs_rq_runtime(): up to a slice for the CPU; true when it may run on.
  bool take_slice(CpuId cpu);
  // return_cfs_rq_runtime(): the CPU keeps a little of what it does not use.
  void give_back(CpuId cpu);
};

} // namespace schedrig::mock
