// SPDX-License-Identifier: MIT
#include "plugins/mock/sim/bandwidth.hpp"

#include <algorithm>

namespace schedrig::mock {
namespace {

constexpr Nanos kSliceNs = 5'000'000; // sysctl_sched_cfs_bandwidth_slice
constexpr Nanos kKeptNs = 1'000'000;  // min_cfs_rq_runtime

} // namespace

void Bandwidth::fill() {
  pool += limit.quota_ns;
  if (const Nanos from_burst = pool_before - pool; from_burst > 0) {
    stats.burst_ns += from_burst;
    ++stats.bursts;
  }
  pool = pool_before = std::min(pool, limit.quota_ns + limit.burst_ns);
}

bool Bandwidth::take_slice(CpuId cpu) {
  Nanos& remaining = cpus[cpu].remaining;
  const Nanos amount = std::min(std::max<Nanos>(pool, 0), kSliceNs - remaining);
  if (amount > 0) {
    pool -= amount;
    remaining += amount;
    idle = false;
  }
  return remaining > 0;
}

void Bandwidth::give_back(CpuId cpu) {
  if (const Nanos slack = cpus[cpu].remaining - kKeptNs; slack > 0) {
    pool += slack;
    cpus[cpu].remaining = kKeptNs;
  }
}

} // namespace schedrig::mock
