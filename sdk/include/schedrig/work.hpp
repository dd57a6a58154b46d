// SPDX-License-Identifier: MIT
// Work types: what a worker does, the same on every backend. A group of workers is one WorkSpec.
// Simulated behaviour on mock, real processes elsewhere. Plain data; thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace schedrig {

// Values are part of the ABI: append only.
enum class WorkType : std::uint32_t {
  kSpin = 0, // pure CPU: units of kSpinUnit dependent loop steps
  kYield,    // sched_yield(2) after every unit
  kMixed,
  kIoSync,
  kBursty, // CPU for burst_ns, then sleep for sleep_ns
  kPipeIo, // pairs: burst_iterations units, then a byte to the partner, then wait for its byte
  kFutexPingPong,
  kFutexFanOut,
  kCachePressure,
  kCacheYield,
  kCachePipe,
  kFanOutCompute,
  kSequence,
  kForkExit,
  kNiceSweep,
  kAffinityChurn,
  kPolicyChurn,
  kPageFaultChurn,
  kMutexContention,
  kIdleChurn,
};
inline constexpr std::uint32_t kWorkTypeCount = 20;

// Loop steps in one unit of work: short enough to see a stop request within microseconds, long
// enough that the clock read between units does not dominate.
inline constexpr std::uint32_t kSpinUnit = 1024;

enum class SchedClass : std::uint32_t { kNormal = 0, kBatch = 1, kIdle = 2 };

struct WorkSpec {
  std::uint32_t size = sizeof(WorkSpec);
  WorkType type = WorkType::kSpin;
  std::uint32_t workers = 1; // a multiple of the type's group size
  std::uint32_t burst_iterations = 1024;
  std::int64_t burst_ns = 50'000'000; // with sleep_ns: a third of a CPU, as interactive tasks do
  std::int64_t sleep_ns = 100'000'000;
  std::int32_t nice = 0; // -20..19
  SchedClass policy = SchedClass::kNormal;
  std::span<const std::uint32_t> cpus; // affinity, ascending; empty: inherit
};

struct WorkTypeInfo {
  WorkType type;
  std::string_view name;    // as spelled in a scenario
  std::uint32_t group_size; // workers come in multiples of this
  std::string_view doc;
};

// All types, in enum order.
[[nodiscard]] std::span<const WorkTypeInfo> work_types() noexcept;
[[nodiscard]] inline const WorkTypeInfo& work_type_info(WorkType type) noexcept {
  return work_types()[static_cast<std::uint32_t>(type)];
}

} // namespace schedrig
