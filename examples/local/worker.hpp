// SPDX-License-Identifier: MIT
// One worker: a process that does one kind of work and measures itself, in memory shared with the
// host. It was forked from a process with threads, so it allocates nothing and takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <schedrig/tasks.hpp>

namespace local {

using namespace schedrig;

enum Gate : std::uint32_t { kWaiting = 0, kWorking = 1, kStopping = 2 };

// Written by the worker, except gate and started_ns; the host reads the rest when it has reaped it.
struct alignas(64) Slot {
  std::atomic<std::uint32_t> gate{kWaiting}; // a futex word
  std::int64_t started_ns = 0;
  std::uint64_t units = 0;
  std::uint64_t iterations = 0;
  std::uint64_t migrations = 0;
  std::int64_t ended_ns = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t run_delay_ns = 0;
  std::uint32_t finished = 0;
  std::uint32_t gap_count = 0;
  std::array<Gap, kGapsPerWorker> gaps{};
  std::array<std::uint64_t, 8> cpus{}; // a mask; what lies above 512 CPUs is not told
};

void open_gate(Slot& slot, Gate gate) noexcept;

[[nodiscard]] bool can_do(WorkType type) noexcept;

// From the fork to the end of the process. The pipe ends are those of pipe_io, else -1.
[[noreturn]] void run_worker(const WorkSpec& spec, Slot& slot, int from_partner,
                             int to_partner) noexcept;

} // namespace local
