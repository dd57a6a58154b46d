// SPDX-License-Identifier: MIT
// Meter: runs units of work in a worker and measures them into its slot. Knows no work type.
//
// Cost per unit: one clock read and one getcpu, both without a system call (vDSO, rseq).
// Thread: the worker's only.
#pragma once

#include <cstdint>

#include "agent/worker_slot.hpp"

namespace schedrig::agent {

// Shorter stretches are interrupts and single wake-ups; no check looks at them, and a unit takes
// about a microsecond.
inline constexpr std::int64_t kMinGapNs = 100'000;

class Meter {
 public:
  // Takes the base of CPU time and run delay; call before waiting at the gate, so that the delay
  // between start and the first instruction counts.
  explicit Meter(WorkerSlot& slot) noexcept;

  // The gate has opened: from slot.started_ns to the first unit's end is the first stretch.
  void begin() noexcept;
  // One unit: kSpinUnit dependent loop steps.
  void unit() noexcept;
  void iteration() noexcept { ++slot_.iterations; }
  // A wait that belongs to the work is over; it was due to end at due_ns. What lies after that is
  // time in which the worker was runnable.
  void waited_until(std::int64_t due_ns) noexcept;
  // Final values; marks the slot finished.
  void end() noexcept;

  // CLOCK_MONOTONIC at the last unit's or wait's end.
  [[nodiscard]] std::int64_t last_ns() const noexcept { return last_ns_; }

 private:
  void note_gap(std::int64_t start_ns, std::int64_t length_ns) noexcept;
  void note_cpu() noexcept;

  WorkerSlot& slot_;
  std::int64_t cpu_base_ns_ = 0;
  std::int64_t run_delay_base_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t fastest_ns_ = INT64_MAX; // shortest unit so far: what a unit costs by itself
  int cpu_ = -1;
};

} // namespace schedrig::agent
