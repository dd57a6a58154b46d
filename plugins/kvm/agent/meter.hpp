// SPDX-License-Identifier: MIT
// Meter: runs units of work in a worker and measures them into its slot. Knows no work type.
//
// Cost per unit: one clock read and one getcpu, both without a system call (vDSO, rseq).
// Thread: the worker's only.
#pragma once

#include <cstdint>

#include <schedrig/prng.hpp>

#include "agent/worker_slot.hpp"

namespace schedrig::agent {

// Shorter stretches are interrupts and single wake-ups; no check looks at them, and a unit takes
// about a microsecond.
inline constexpr std::int64_t kMinGapNs = 100'000;

// How long one step of a kind of work takes by itself: the shortest so far.
struct Pace {
  std::int64_t fastest_ns = INT64_MAX;
};

class Meter {
 public:
  // Takes the base of CPU time and run delay; call before waiting at the gate, so that the delay
  // between start and the first instruction counts.
  // `index` tells this worker's draws of samples from those of others.
  Meter(WorkerSlot& slot, std::uint32_t index) noexcept;

  // The gate has opened: from slot.started_ns to the first unit's end is the first stretch.
  void begin() noexcept;
  // One unit: kSpinUnit dependent loop steps.
  void unit() noexcept;
  // A unit of another kind of work is done; it began where the last unit or wait ended.
  void unit_done(Pace& pace) noexcept;
  // The same for what is no unit: a system call, page faults.
  void step_done(Pace& pace) noexcept;
  void iteration() noexcept { ++slot_.iterations; }
  // What lies between due_ns and now is time in which the worker was runnable.
  void waited_until(std::int64_t due_ns) noexcept;
  // A sleep that belongs to the work is over; due_ns: when its timer was to expire, or what its
  // waker noted down before it woke this worker. The time since then is the wake-up's latency.
  void woken(std::int64_t due_ns) noexcept;
  // Final values; marks the slot finished.
  void end() noexcept;

  // CLOCK_MONOTONIC at the last unit's or wait's end.
  [[nodiscard]] std::int64_t last_ns() const noexcept { return last_ns_; }

 private:
  void note_gap(std::int64_t start_ns, std::int64_t length_ns) noexcept;
  void note_cpu() noexcept;
  void note_latency(std::int64_t latency_ns) noexcept;

  WorkerSlot& slot_;
  std::int64_t cpu_base_ns_ = 0;
  std::int64_t run_delay_base_ns_ = 0;
  std::int64_t last_ns_ = 0;
  Pace unit_pace_;
  int cpu_ = -1;
  Prng sample_;
};

} // namespace schedrig::agent
