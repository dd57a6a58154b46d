// SPDX-License-Identifier: MIT
// Work types: what a worker does, the same on every backend. A group of workers is one WorkSpec.
// Simulated behaviour on mock, real processes elsewhere. Plain data; thread: any.
// docs/reference/work.md has the cycles of all types in one table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace schedrig {

// Values are part of the ABI: append only.
enum class WorkType : std::uint32_t {
  kSpin = 0, // pure CPU: units of kSpinUnit dependent loop steps
  kYield,    // sched_yield(2) after every unit
  kMixed,    // burst_iterations units, then sched_yield(2)
  kIoSync,   // writes footprint_bytes to a file, then sleeps for sleep_ns
  kBursty,   // CPU for burst_ns, then sleep for sleep_ns
  kPipeIo,   // pairs: burst_iterations units, then a byte to the partner, then wait for its byte
  kFutexPingPong, // as kPipeIo, through a futex: the waker says nothing about going to sleep
  kFutexFanOut,   // a messenger: burst_iterations units, then wakes fan_out receivers, which do the
                  // same work once and wait again
  kCachePressure, // read-modify-write over footprint_bytes, every stride_bytes
  kCacheYield,    // one pass as kCachePressure, then sched_yield(2)
  kCachePipe,     // as kPipeIo, with passes over the footprint for units
  kFanOutCompute, // a messenger wakes fan_out receivers, then sleeps for sleep_ns; a receiver
                  // multiplies matrices of footprint_bytes, `operations` times, and waits again
  kSequence,      // the phases in turn
  kForkExit,      // fork(2), _exit(2) in the child, waitpid(2)
  kNiceSweep,     // burst_iterations units on each nice level from -20 to 19 in turn
  kAffinityChurn, // burst_iterations units, then pins itself to one random CPU of its cpuset
  kPolicyChurn,   // burst_iterations units each as SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE
  kPageFaultChurn,  // writes to `touches` random pages of footprint_bytes, burst_iterations units,
                    // then gives the pages back (MADV_DONTNEED)
  kMutexContention, // `contenders` share a lock: burst_iterations units outside, hold_iterations in
  kIdleChurn,       // as kBursty, short
};
inline constexpr std::uint32_t kWorkTypeCount = 20;

// Loop steps in one unit of work: short enough to see a stop request within microseconds, long
// enough that the clock read between units does not dominate.
inline constexpr std::uint32_t kSpinUnit = 1024;

enum class SchedClass : std::uint32_t { kNormal = 0, kBatch = 1, kIdle = 2 };

// The phases of a sequence. The first four last for duration_ns of the machine's clock; the others
// are events: over when they have happened. Values are part of the ABI: append only.
enum class PhaseKind : std::uint32_t {
  kSpin = 0,
  kSleep,
  kYield,
  kIo,
  kRun,           // duration_ns of CPU time, however often it is interrupted
  kYieldOnce,     // sched_yield(2)
  kDelay,         // sleeps for duration_ns, in the first turn of the sequence only
  kTimer,         // sleeps until duration_ns after the timer's last end, or after now if that is
                  // past; number: which of the worker's timers
  kAbsoluteTimer, // as kTimer, from the worker's start on: never moved by being late
  kRepeat,        // back to phase `number` until it was run `count` times; 0: endlessly
  kEnd,           // after `count` turns of the sequence the worker does nothing more
  kLock,          // number: which mutex
  kUnlock,
  kWaitOn,    // number: which condition; count: the mutex, which the worker holds
  kSignal,    // wakes the first worker that waits on condition `number`
  kBroadcast, // wakes all that wait on it
  kSuspend,   // waits on it without a mutex
  kBarrier,   // number: which barrier; waits until `count` workers are there
};
struct WorkPhase {
  PhaseKind kind = PhaseKind::kSpin;
  std::int64_t duration_ns = 0;
  std::uint32_t number = 0; // mutexes, conditions and barriers are those of all groups
  std::uint32_t count = 0;
};

// Parameters of work types, as bits: which a type looks at.
enum WorkParam : std::uint32_t {
  kParamBurst = 1U << 0U,
  kParamSleep = 1U << 1U,
  kParamBurstIterations = 1U << 2U,
  kParamHoldIterations = 1U << 3U,
  kParamFanOut = 1U << 4U,
  kParamContenders = 1U << 5U,
  kParamFootprint = 1U << 6U,
  kParamStride = 1U << 7U,
  kParamOperations = 1U << 8U,
  kParamTouches = 1U << 9U,
  kParamPreciseTiming = 1U << 10U,
  kParamPhases = 1U << 11U,
};

// A larger group of one messenger or one lock is no group any more but a machine's load.
inline constexpr std::uint32_t kMaxFanOut = 255;
// Of page_fault_churn, cache_* and fan_out_compute: 1 GiB is more than any cache.
inline constexpr std::uint64_t kMaxFootprintBytes = 1ULL << 30U;
inline constexpr std::uint32_t kMaxPhases = 64;
// Mutexes, conditions and barriers: one of each for 10,000 tasks, with room.
inline constexpr std::uint32_t kMaxWorkResources = 65'536;

// Initial values are those of the types that had the parameter first; default_work() has them all.
struct WorkSpec {
  std::uint32_t size = sizeof(WorkSpec);
  WorkType type = WorkType::kSpin;
  std::uint32_t workers = 1; // a multiple of work_group_size()
  std::uint32_t burst_iterations = 1024;
  std::int64_t burst_ns = 50'000'000; // with sleep_ns: a third of a CPU, as interactive tasks do
  std::int64_t sleep_ns = 100'000'000;
  std::int32_t nice = 0; // -20..19
  SchedClass policy = SchedClass::kNormal;
  std::span<const std::uint32_t> cpus; // affinity, ascending; empty: inherit
  std::uint64_t footprint_bytes = 32'768;
  std::uint32_t stride_bytes = 64;
  std::uint32_t hold_iterations = 1;
  std::uint32_t fan_out = 4;
  std::uint32_t contenders = 4;
  std::uint32_t operations = 5;
  std::uint32_t touches = 256;
  std::uint32_t precise_timing = 0; // 1: sleeps end on time (PR_SET_TIMERSLACK 1)
  std::uint32_t reserved = 0;
  std::span<const WorkPhase> phases = {};
};

struct WorkTypeInfo {
  WorkType type;
  std::string_view name;    // as spelled in a scenario
  std::uint32_t group_size; // with default parameters: workers come in multiples of this
  std::uint32_t params;     // WorkParam bits
  std::string_view doc;
};

// All types, in enum order.
[[nodiscard]] std::span<const WorkTypeInfo> work_types() noexcept;
[[nodiscard]] inline const WorkTypeInfo& work_type_info(WorkType type) noexcept {
  return work_types()[static_cast<std::uint32_t>(type)];
}
// One group of the type, every parameter at its default for it.
[[nodiscard]] WorkSpec default_work(WorkType type) noexcept;
// Workers come in multiples of this: 1 + fan_out, contenders, or the type's own.
[[nodiscard]] std::uint32_t work_group_size(WorkType type, std::uint32_t fan_out,
                                            std::uint32_t contenders) noexcept;

} // namespace schedrig
