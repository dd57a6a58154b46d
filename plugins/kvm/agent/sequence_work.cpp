// SPDX-License-Identifier: MIT
// Sequences: phases that last by the clock, and events that are over when they have happened.
#include <algorithm>
#include <array>

#include <sched.h>

#include "agent/clock.hpp"
#include "agent/event_work.hpp"
#include "agent/work_types.hpp"

namespace schedrig::agent {
namespace {

class Sequence {
 public:
  Sequence(const WorkerContext& context, Meter& meter) noexcept
      : context_(context), meter_(meter), begun_ns_(monotonic_ns()) {}

  // One phase. Requires: running.
  void step() noexcept;

 private:
  void by_clock(const WorkPhase& phase) noexcept;
  void event(const WorkPhase& phase) noexcept;
  void timer(const WorkPhase& phase) noexcept;
  void shared_event(const WorkPhase& phase) noexcept;
  void repeat(const WorkPhase& phase) noexcept;
  void end_of_turns(const WorkPhase& phase) noexcept;
  void next_phase() noexcept;
  void turn_is_over() noexcept;

  const WorkerContext& context_;
  Meter& meter_;
  ScratchFile file_;
  bool file_is_open_ = false;
  std::int64_t begun_ns_;
  std::uint32_t at_ = 0;                             // phase
  std::uint64_t turns_ = 0;                          // that are over
  std::array<std::int64_t, kMaxPhases> timers_ns_{}; // last ends, by number; 0: not yet used
  std::array<std::uint32_t, kMaxPhases> rounds_{};   // of repeats, by phase
};

void Sequence::turn_is_over() noexcept {
  ++turns_;
  meter_.iteration();
}

void Sequence::next_phase() noexcept {
  if (++at_ == context_.spec->phases.size()) {
    at_ = 0;
    turn_is_over();
  }
}

void Sequence::step() noexcept {
  const WorkPhase& phase = context_.spec->phases[at_];
  if (phase.kind == PhaseKind::kRepeat) {
    repeat(phase);
    return;
  }
  if (phase.kind == PhaseKind::kEnd) {
    end_of_turns(phase);
    return;
  }
  if (phase.kind <= PhaseKind::kIo) {
    by_clock(phase);
  } else {
    event(phase);
  }
  if (running(context_)) { // else it was cut short
    next_phase();
  }
}

// At least one step of it is taken.
void Sequence::by_clock(const WorkPhase& phase) noexcept {
  const std::int64_t end = monotonic_ns() + phase.duration_ns;
  if (phase.kind == PhaseKind::kSleep) {
    (void)sleep_until(context_, meter_, end);
    return;
  }
  if (phase.kind == PhaseKind::kIo && !file_is_open_) {
    file_.open();
    file_is_open_ = true;
  }
  do {
    if (phase.kind == PhaseKind::kIo) {
      file_.write(context_, meter_, WorkSpec{}.footprint_bytes);
      continue;
    }
    meter_.unit();
    if (phase.kind == PhaseKind::kYield) {
      ::sched_yield();
    }
  } while (running(context_) && monotonic_ns() < end);
}

void Sequence::event(const WorkPhase& phase) noexcept {
  switch (phase.kind) {
  case PhaseKind::kRun:
    work_cpu_time(context_, meter_, phase.duration_ns);
    return;
  case PhaseKind::kYieldOnce:
    ::sched_yield();
    return;
  case PhaseKind::kDelay:
    if (turns_ == 0) {
      (void)sleep_until(context_, meter_, monotonic_ns() + phase.duration_ns);
    }
    return;
  case PhaseKind::kTimer:
  case PhaseKind::kAbsoluteTimer:
    timer(phase);
    return;
  default:
    shared_event(phase);
  }
}

void Sequence::timer(const WorkPhase& phase) noexcept {
  const bool relative = phase.kind == PhaseKind::kTimer;
  const std::int64_t now = monotonic_ns();
  std::int64_t& end = timers_ns_[phase.number];
  if (end == 0) {
    end = relative ? now : begun_ns_;
  }
  end += phase.duration_ns;
  if (end > now) {
    (void)sleep_until(context_, meter_, end);
  } else if (relative) {
    end = now;
  }
}

void Sequence::shared_event(const WorkPhase& phase) noexcept {
  switch (phase.kind) {
  case PhaseKind::kLock:
    lock_event(context_, meter_, phase.number);
    return;
  case PhaseKind::kUnlock:
    unlock_event(context_, phase.number);
    return;
  case PhaseKind::kWaitOn:
    wait_on_event(context_, meter_, phase.number, phase.count);
    return;
  case PhaseKind::kSignal:
    signal_event(context_, phase.number);
    return;
  case PhaseKind::kBroadcast:
    broadcast_event(context_, phase.number);
    return;
  case PhaseKind::kSuspend:
    suspend_on_event(context_, meter_, phase.number);
    return;
  case PhaseKind::kBarrier:
    meet_at_event(context_, meter_, phase.number, phase.count);
    return;
  default: // no other kind passes check_work_parameters()
    return;
  }
}

void Sequence::repeat(const WorkPhase& phase) noexcept {
  if (phase.count == 0) {
    turn_is_over(); // the sequence itself has no other turn
  } else if (++rounds_[at_] == phase.count) {
    rounds_[at_] = 0;
    next_phase();
    return;
  }
  at_ = phase.number;
}

void Sequence::end_of_turns(const WorkPhase& phase) noexcept {
  if (turns_ + 1 < phase.count) {
    next_phase();
    return;
  }
  turn_is_over();
  rest(context_);
}

} // namespace

void sequence(const WorkerContext& context, Meter& meter) noexcept {
  Sequence sequence(context, meter);
  while (running(context)) {
    sequence.step();
  }
}

} // namespace schedrig::agent
