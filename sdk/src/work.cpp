// SPDX-License-Identifier: MIT
#include <array>

#include <schedrig/work.hpp>

namespace schedrig {
namespace {

constexpr std::array<WorkTypeInfo, kWorkTypeCount> kWorkTypes = {{
    {WorkType::kSpin, "spin", 1, "pure CPU"},
    {WorkType::kYield, "yield", 1, "sched_yield after every unit of CPU work"},
    {WorkType::kMixed, "mixed", 1, "CPU work and yields in turn"},
    {WorkType::kIoSync, "io_sync", 1, "synchronous file writes"},
    {WorkType::kBursty, "bursty", 1, "CPU for a burst, then sleep"},
    {WorkType::kPipeIo, "pipe_io", 2, "pairs that wake each other through pipes"},
    {WorkType::kFutexPingPong, "futex_ping_pong", 2, "pairs that wake each other through a futex"},
    {WorkType::kFutexFanOut, "futex_fan_out", 5, "one messenger wakes its receivers"},
    {WorkType::kCachePressure, "cache_pressure", 1, "strided writes over a working set"},
    {WorkType::kCacheYield, "cache_yield", 1, "cache pressure with yields"},
    {WorkType::kCachePipe, "cache_pipe", 2, "cache pressure with pipe wake-ups"},
    {WorkType::kFanOutCompute, "fan_out_compute", 5, "fan-out wake-ups with matrix work"},
    {WorkType::kSequence, "sequence", 1, "phases of spin, sleep, yield and io in a loop"},
    {WorkType::kForkExit, "fork_exit", 1, "fork, exit and reap in a loop"},
    {WorkType::kNiceSweep, "nice_sweep", 1, "walks through the nice levels"},
    {WorkType::kAffinityChurn, "affinity_churn", 1, "moves itself from CPU to CPU"},
    {WorkType::kPolicyChurn, "policy_churn", 1, "changes its scheduling policy"},
    {WorkType::kPageFaultChurn, "page_fault_churn", 1, "faults pages in and drops them"},
    {WorkType::kMutexContention, "mutex_contention", 4, "contends for one lock"},
    {WorkType::kIdleChurn, "idle_churn", 1, "short bursts with short sleeps"},
}};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kWorkTypes.size(); ++i) {
    if (static_cast<std::size_t>(kWorkTypes[i].type) != i) {
      return false;
    }
  }
  return true;
}
static_assert(in_enum_order());

} // namespace

std::span<const WorkTypeInfo> work_types() noexcept {
  return kWorkTypes;
}

} // namespace schedrig
