// SPDX-License-Identifier: MIT
// Teams around one futex: a messenger that wakes its receivers, and the users of one lock.
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// FUTEX_WAKE of all: only who waits is woken; the others see the new generation by themselves.
Action Workers::next_broadcast(Worker& worker, Team& team, Nanos before_ns, Nanos sleep_ns) {
  if (worker.phase == 0) {
    worker.phase = 1;
    worker.turn = 0;
    if (before_ns > 0) {
      return compute(before_ns);
    }
  }
  if (worker.phase == 1) {
    worker.phase = 2;
    ++team.generation;
  }
  while (++worker.turn < team.members.size()) {
    Worker& receiver = workers_[team.members[worker.turn]];
    if (receiver.waiting) {
      receiver.waiting = false;
      return {.kind = ActionKind::kWake, .target = team.members[worker.turn]};
    }
  }
  ++worker.iterations;
  worker.phase = 0;
  if (sleep_ns > 0) {
    return {.kind = ActionKind::kSleep, .ns = sleep_ns};
  }
  return {.kind = ActionKind::kOverhead, .ns = kSyscallNs}; // the futex call itself
}

Action Workers::next_received(Worker& worker, const Team& team, Nanos work_ns) {
  if (worker.phase == 1) { // the work is done
    worker.phase = 0;
    ++worker.iterations;
  }
  if (worker.seen == team.generation) {
    worker.waiting = true;
    return {.kind = ActionKind::kWait};
  }
  worker.seen = team.generation;
  worker.phase = 1;
  return compute(work_ns);
}

// A futex lock as in "Futexes Are Tricky" (Drepper 2011): the unlocker frees it and wakes one
// waiter, which has to compete for it again.
Action Workers::next_locked(TaskId id, Worker& worker, Team& team, const WorkSpec& spec) {
  enum Phase : std::uint32_t { kOutside, kTry, kHold };
  switch (worker.phase) {
  case kOutside:
    worker.phase = kTry;
    return compute(units_ns(spec.burst_iterations));
  case kTry:
    if (team.lock_owner != kNoTask) {
      ++stats_.lock_waits;
      team.lock_waiters.push_back(id);
      return {.kind = ActionKind::kWait};
    }
    team.lock_owner = id;
    worker.phase = kHold;
    return compute(units_ns(spec.hold_iterations));
  default:
    break;
  }
  team.lock_owner = kNoTask;
  worker.phase = kOutside;
  ++worker.iterations;
  if (team.lock_waiters.empty()) {
    return {.kind = ActionKind::kOverhead, .ns = 1}; // an atomic store
  }
  const TaskId next = team.lock_waiters.front();
  team.lock_waiters.pop_front();
  return {.kind = ActionKind::kWake, .target = next};
}

} // namespace schedrig::mock
