// SPDX-License-Identifier: MIT
#include <array>

#include <schedrig/work.hpp>

namespace schedrig {
namespace {

constexpr std::array<WorkTypeInfo, kWorkTypeCount> kWorkTypes = {{
    {WorkType::kSpin, "spin", 1, 0, "pure CPU"},
    {WorkType::kYield, "yield", 1, 0, "sched_yield after every unit of CPU work"},
    {WorkType::kMixed, "mixed", 1, kParamBurstIterations, "CPU work and yields in turn"},
    {WorkType::kIoSync, "io_sync", 1, kParamFootprint | kParamSleep,
     "synchronous file writes, short sleeps"},
    {WorkType::kBursty, "bursty", 1, kParamBurst | kParamSleep | kParamPreciseTiming,
     "CPU for a burst, then sleep"},
    {WorkType::kPipeIo, "pipe_io", 2, kParamBurstIterations,
     "pairs that wake each other through pipes"},
    {WorkType::kFutexPingPong, "futex_ping_pong", 2, kParamBurstIterations,
     "pairs that wake each other through a futex"},
    {WorkType::kFutexFanOut, "futex_fan_out", 5, kParamFanOut | kParamBurstIterations,
     "one messenger wakes its receivers"},
    {WorkType::kCachePressure, "cache_pressure", 1, kParamFootprint | kParamStride,
     "strided writes over a working set"},
    {WorkType::kCacheYield, "cache_yield", 1, kParamFootprint | kParamStride,
     "cache pressure with yields"},
    {WorkType::kCachePipe, "cache_pipe", 2, kParamFootprint | kParamStride | kParamBurstIterations,
     "cache pressure with pipe wake-ups"},
    {WorkType::kFanOutCompute, "fan_out_compute", 5,
     kParamFanOut | kParamFootprint | kParamOperations | kParamSleep,
     "fan-out wake-ups with matrix work"},
    {WorkType::kSequence, "sequence", 1, kParamPhases,
     "phases of spin, sleep, yield and io in a loop"},
    {WorkType::kForkExit, "fork_exit", 1, 0, "fork, exit and reap in a loop"},
    {WorkType::kNiceSweep, "nice_sweep", 1, kParamBurstIterations, "walks through the nice levels"},
    {WorkType::kAffinityChurn, "affinity_churn", 1, kParamBurstIterations,
     "moves itself from CPU to CPU"},
    {WorkType::kPolicyChurn, "policy_churn", 1, kParamBurstIterations,
     "changes its scheduling policy"},
    {WorkType::kPageFaultChurn, "page_fault_churn", 1,
     kParamFootprint | kParamTouches | kParamBurstIterations, "faults pages in and drops them"},
    {WorkType::kMutexContention, "mutex_contention", 4,
     kParamContenders | kParamHoldIterations | kParamBurstIterations, "contends for one lock"},
    {WorkType::kIdleChurn, "idle_churn", 1, kParamBurst | kParamSleep | kParamPreciseTiming,
     "short bursts with short sleeps"},
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

WorkSpec default_work(WorkType type) noexcept {
  WorkSpec spec;
  spec.type = type;
  spec.workers = work_type_info(type).group_size;
  switch (type) {
  case WorkType::kMixed:
    spec.burst_iterations = 64; // long beside a switch, short beside a slice
    break;
  case WorkType::kIoSync:
    spec.footprint_bytes = 65'536; // a pipe's or a socket's usual buffer
    spec.sleep_ns = 100'000;       // a fast disk's answer
    break;
  case WorkType::kIdleChurn:
    spec.burst_ns = 1'000'000; // deep idle states are entered and left all the time
    spec.sleep_ns = 5'000'000;
    break;
  case WorkType::kFutexPingPong: // the switch dominates, not the work
  case WorkType::kFutexFanOut:
  case WorkType::kNiceSweep: // the change dominates
  case WorkType::kAffinityChurn:
  case WorkType::kPolicyChurn:
    spec.burst_iterations = 1;
    break;
  case WorkType::kFanOutCompute:
    spec.footprint_bytes = 262'144; // stays in a private L2
    spec.sleep_ns = 100'000;
    break;
  case WorkType::kPageFaultChurn:
    spec.footprint_bytes = 4ULL << 20U;
    spec.burst_iterations = 1;
    break;
  case WorkType::kMutexContention:
    spec.burst_iterations = 4; // with one unit inside: contended from two workers on
    break;
  default:
    break;
  }
  return spec;
}

std::uint32_t work_group_size(WorkType type, std::uint32_t fan_out,
                              std::uint32_t contenders) noexcept {
  const WorkTypeInfo& info = work_type_info(type);
  if ((info.params & kParamFanOut) != 0) {
    return fan_out + 1;
  }
  return (info.params & kParamContenders) != 0 ? contenders : info.group_size;
}

} // namespace schedrig
