// SPDX-License-Identifier: MIT
// Sequences: phases that last by the clock, and events that are over when they have happened.
#include <algorithm>

#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {
namespace {

// How much of a spin is worked before the clock is looked at again. Workers elsewhere look after
// every unit; a thousand of them in one action keep the events few, and a preempted spin is late by
// at most this.
constexpr Nanos kUnitsPerLook = 1'000;

bool lasts_by_clock(PhaseKind kind) {
  return kind <= PhaseKind::kIo;
}

} // namespace

void Workers::end_phase(Worker& worker, const Group& group) {
  worker.phase_until = kNever;
  worker.turn = 0;
  if (++worker.phase == group.phases.size()) {
    worker.phase = 0;
    ++worker.iterations;
  }
}

// A phase by the clock ends when its time has passed; at least one step of it is taken.
Action Workers::next_in_sequence(TaskId id, Worker& worker, const Group& group, Nanos now) {
  worker.begun = std::min(worker.begun, now);
  if (lasts_by_clock(group.phases[worker.phase].kind) && now >= worker.phase_until) {
    end_phase(worker, group);
  }
  for (;;) { // ends: check_work() sees to it that every round takes time
    const WorkPhase& phase = group.phases[worker.phase];
    if (lasts_by_clock(phase.kind)) {
      return next_by_clock(worker, phase, now);
    }
    if (const auto action = next_event(id, worker, group, now)) {
      return *action;
    }
  }
}

Action Workers::next_by_clock(Worker& worker, const WorkPhase& phase, Nanos now) {
  if (worker.phase_until == kNever) {
    worker.phase_until = now + phase.duration_ns;
  }
  switch (phase.kind) {
  case PhaseKind::kSleep:
    return {.kind = ActionKind::kSleep, .ns = worker.phase_until - now};
  case PhaseKind::kYield:
    if (worker.turn++ % 2 == 1) {
      return {.kind = ActionKind::kYield};
    }
    return compute(kUnitNs);
  case PhaseKind::kIo:
    return write_file(WorkSpec{}.footprint_bytes);
  default:
    break;
  }
  const Nanos units = (worker.phase_until - now + kUnitNs - 1) / kUnitNs;
  return compute(std::clamp<Nanos>(units, 1, kUnitsPerLook) * kUnitNs);
}

// Nothing: the event took no time, and the next phase is the current one.
std::optional<Action> Workers::next_event(TaskId id, Worker& worker, const Group& group,
                                          Nanos now) {
  const WorkPhase& phase = group.phases[worker.phase];
  switch (phase.kind) {
  case PhaseKind::kRun:
    end_phase(worker, group);
    return compute(phase.duration_ns);
  case PhaseKind::kYieldOnce:
    end_phase(worker, group);
    return Action{.kind = ActionKind::kYield};
  case PhaseKind::kDelay: {
    const bool first = worker.iterations == 0;
    end_phase(worker, group);
    return first ? std::optional(Action{.kind = ActionKind::kSleep, .ns = phase.duration_ns})
                 : std::nullopt;
  }
  case PhaseKind::kTimer:
  case PhaseKind::kAbsoluteTimer:
    return next_timer(worker, group, now);
  case PhaseKind::kRepeat:
    repeat(worker, group);
    return std::nullopt;
  case PhaseKind::kEnd:
    if (worker.iterations + 1 < phase.count) {
      end_phase(worker, group);
      return std::nullopt;
    }
    if (worker.turn++ == 0) {
      ++worker.iterations;
    }
    return Action{.kind = ActionKind::kWait}; // for the request to stop
  default:
    return next_shared(id, worker, group);
  }
}

void Workers::repeat(Worker& worker, const Group& group) {
  const WorkPhase& phase = group.phases[worker.phase];
  worker.rounds.resize(group.phases.size());
  std::uint32_t& round = worker.rounds[worker.phase];
  if (phase.count == 0) {
    ++worker.iterations; // the sequence itself has no other turn
  } else if (++round == phase.count) {
    round = 0;
    end_phase(worker, group);
    return;
  }
  worker.turn = 0;
  worker.phase = phase.number;
}

Action Workers::next_timer(Worker& worker, const Group& group, Nanos now) {
  const WorkPhase& phase = group.phases[worker.phase];
  const bool relative = phase.kind == PhaseKind::kTimer;
  if (phase.number >= worker.timers.size()) {
    worker.timers.resize(phase.number + 1, kNever);
  }
  Nanos& end = worker.timers[phase.number];
  if (end == kNever) {
    end = relative ? now : worker.begun;
  }
  end += phase.duration_ns;
  end_phase(worker, group);
  if (end > now) {
    return {.kind = ActionKind::kSleep, .ns = end - now};
  }
  if (relative) {
    end = now;
  }
  return {.kind = ActionKind::kOverhead, .ns = kSyscallNs}; // clock_nanosleep(2) returns at once
}

} // namespace schedrig::mock
