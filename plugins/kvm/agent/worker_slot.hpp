// SPDX-License-Identifier: MIT
// WorkerSlot: the memory that the agent and one worker share, and the gate between them.
//
// A group maps its slots MAP_SHARED before it forks. `gate` is a futex word written by the agent
// only; everything else is written by the worker and read by the agent after it has reaped the
// worker, so that a killed worker's counts are the last that it stored.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <schedrig/tasks.hpp>

#include "channel/message_type.hpp"

namespace schedrig::agent {

enum class Gate : std::uint32_t { kWait = 0, kRun = 1, kStop = 2 };

// The padding is the point: what others poll or write lies apart from what the worker writes.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct alignas(64) WorkerSlot {
  // Shared at run time; each on a cache line of its own, because workers poll `gate`.
  std::atomic<Gate> gate{Gate::kWait};
  std::int64_t started_ns = 0; // written by the agent before gate becomes kRun
  // When this worker last handed over; its partner measures its wake-up from there.
  alignas(64) std::atomic<std::int64_t> handoff_ns{0};
  std::atomic<std::uint32_t> handoffs{0}; // how often; a futex word

  alignas(64) std::uint64_t work_units = 0;
  std::uint64_t iterations = 0;
  std::uint64_t migrations = 0;
  std::int64_t ended_ns = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t run_delay_ns = 0;
  std::uint32_t finished = 0; // 1: the fields above are final
  std::uint32_t gap_count = 0;
  std::array<Gap, kGapsPerWorker> gaps{};
  std::array<std::uint64_t, kvm::kMaxReportedCpus / 64> cpus_used{};
  std::uint64_t wakeups = 0;
  // A uniform sample of all; the first min(wakeups, size) are there.
  std::array<std::int64_t, kWakeLatenciesPerWorker> wake_latencies{};
};
static_assert(sizeof(std::atomic<Gate>) == 4, "a futex word is 32 bits wide: futex(2)");

} // namespace schedrig::agent
