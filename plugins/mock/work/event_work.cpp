// SPDX-License-Identifier: MIT
// Events of sequences that several workers share: mutexes, conditions and barriers, as the POSIX
// threads' calls of these names. A signal that nobody waits for is lost.
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {
namespace {

// An uncontended lock, or a wake-up of nobody: an atomic operation.
constexpr Action kAtomic{.kind = ActionKind::kOverhead, .ns = 1};

} // namespace

std::optional<Action> Workers::next_shared(TaskId id, Worker& worker, const Group& group) {
  const WorkPhase& phase = group.phases[worker.phase];
  Resource& resource = resources_[phase.number];
  switch (phase.kind) {
  case PhaseKind::kLock:
    return lock(id, worker, group, phase.number);
  case PhaseKind::kUnlock:
    end_phase(worker, group);
    return unlock(id, phase.number);
  case PhaseKind::kWaitOn:
    return wait_on(id, worker, group);
  case PhaseKind::kSignal: {
    end_phase(worker, group);
    if (resource.waiters.empty()) {
      return kAtomic;
    }
    const TaskId first = resource.waiters.front();
    resource.waiters.pop_front();
    return Action{.kind = ActionKind::kWake, .target = first};
  }
  case PhaseKind::kBroadcast:
    return wake_all(worker, group, resource.waiters.size());
  case PhaseKind::kSuspend:
    if (worker.turn++ == 0) {
      resource.waiters.push_back(id);
      return Action{.kind = ActionKind::kWait};
    }
    end_phase(worker, group);
    return std::nullopt;
  case PhaseKind::kBarrier:
    return next_barrier(id, worker, group);
  default: // no kind of its own file; check_work() lets no other through
    end_phase(worker, group);
    return kAtomic;
  }
}

// Who is woken has to compete for it again: "Futexes Are Tricky" (Drepper 2011).
Action Workers::lock(TaskId id, Worker& worker, const Group& group, std::uint32_t mutex) {
  Resource& resource = resources_[mutex];
  if (resource.owner != kNoTask) {
    ++stats_.lock_waits;
    resource.lockers.push_back(id);
    return {.kind = ActionKind::kWait};
  }
  resource.owner = id;
  end_phase(worker, group);
  return kAtomic;
}

Action Workers::unlock(TaskId id, std::uint32_t mutex) {
  Resource& resource = resources_[mutex];
  if (resource.owner != id) {
    return kAtomic;
  }
  resource.owner = kNoTask;
  if (resource.lockers.empty()) {
    return kAtomic;
  }
  const TaskId next = resource.lockers.front();
  resource.lockers.pop_front();
  return {.kind = ActionKind::kWake, .target = next};
}

Action Workers::wait_on(TaskId id, Worker& worker, const Group& group) {
  enum Turn : std::uint32_t { kRelease, kWait, kTakeBack };
  const WorkPhase& phase = group.phases[worker.phase];
  switch (worker.turn) {
  case kRelease:
    worker.turn = kWait;
    resources_[phase.number].waiters.push_back(id); // before the mutex is free: no signal is lost
    return unlock(id, phase.count);
  case kWait:
    worker.turn = kTakeBack;
    return {.kind = ActionKind::kWait};
  default:
    return lock(id, worker, group, phase.count);
  }
}

// As many as waited when it began: who waits again meanwhile is not woken again. Turn: 1 + those
// who are left.
std::optional<Action> Workers::wake_all(Worker& worker, const Group& group, std::size_t waiters) {
  if (worker.turn == 0) {
    worker.turn = 1 + static_cast<std::uint32_t>(waiters);
  }
  std::deque<TaskId>& queue = resources_[group.phases[worker.phase].number].waiters;
  if (worker.turn == 1 || queue.empty()) {
    end_phase(worker, group);
    return kAtomic;
  }
  --worker.turn;
  const TaskId next = queue.front();
  queue.pop_front();
  return Action{.kind = ActionKind::kWake, .target = next};
}

std::optional<Action> Workers::next_barrier(TaskId id, Worker& worker, const Group& group) {
  const WorkPhase& phase = group.phases[worker.phase];
  Resource& resource = resources_[phase.number];
  if (worker.waiting) { // it was, and the last one has come
    worker.waiting = false;
    end_phase(worker, group);
    return std::nullopt;
  }
  if (worker.turn == 0 && resource.waiters.size() + 1 < phase.count) {
    worker.waiting = true;
    resource.waiters.push_back(id);
    return Action{.kind = ActionKind::kWait};
  }
  return wake_all(worker, group, resource.waiters.size());
}

} // namespace schedrig::mock
