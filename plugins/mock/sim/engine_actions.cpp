// SPDX-License-Identifier: MIT
// What a running task does next: signals, its own actions, going to sleep; and what is noted of it.
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

void Engine::on_step(CpuId id) {
  charge(id);
  const TaskId curr = cpus_[id].curr;
  Task& task = tasks_[curr];
  if (task.kill) {
    task.wait_status = 9; // SIGKILL, no core: waitpid(2)
    exit_task(id);
    return;
  }
  if (task.freeze) {
    if (task.wait == Wait::kNone && task.working && task.gap_from == kNever) {
      task.gap_from = now_;
    }
    block(id, TaskState::kFrozen);
    listener_.on_task_frozen(curr, true);
    return;
  }
  if (!task.limits.empty() && is_throttled(task, id)) {
    throttle_current(id);
    return;
  }
  if (task.left == 0 && !resume_wait(id, task, curr)) {
    return;
  }
  if (task.left == 0 && !start_action(id, task, curr)) {
    return;
  }
  arm_step(id);
}

// What the task waited for when it was woken for a signal or a thaw, again. False: it sleeps on.
bool Engine::resume_wait(CpuId id, Task& task, TaskId curr) {
  if (task.stop) {
    task.wait = Wait::kNone;
  }
  switch (task.wait) {
  case Wait::kNone:
    return true;
  case Wait::kTimer:
    if (now_ >= task.wait_until) {
      task.wait = Wait::kNone;
      task.gap_from = std::min(task.gap_from, task.wait_until);
      return true;
    }
    events_.push(task.wait_until, SimEventKind::kTimer, curr, ++task.timer_generation);
    break;
  case Wait::kToken:
    if (task.tokens > 0) {
      --task.tokens;
      task.wait = Wait::kNone;
      return true;
    }
    break;
  }
  task.gap_from = kNever;
  block(id, TaskState::kSleeping);
  return false;
}

// Asks the behaviour for the next action. False: the task left the CPU.
bool Engine::start_action(CpuId id, Task& task, TaskId curr) {
  const Action action = behaviour_.next_action(curr, task, now_);
  task.working = action.kind == ActionKind::kCompute;
  if (task.working || action.kind == ActionKind::kOverhead) {
    task.left = std::max<Nanos>(action.ns, 1);
    if (task.working) {
      record_gap(task, now_, id);
    }
    return true;
  }
  task.left = kSyscallNs; // on the way in; also bounds how many actions fit into an instant
  switch (action.kind) {
  case ActionKind::kSleep: {
    ++stats_.sleeps;
    record_gap(task, now_, id); // it ran: what follows is its own wish
    const Nanos slack = action.precise ? 0 : static_cast<Nanos>(timer_slack_.below(kTimerSlackNs));
    task.wait = Wait::kTimer;
    task.wait_until = now_ + action.ns + slack;
    events_.push(task.wait_until, SimEventKind::kTimer, curr, ++task.timer_generation);
    block(id, TaskState::kSleeping);
    return false;
  }
  case ActionKind::kWait:
    if (task.tokens > 0) {
      --task.tokens;
      return true;
    }
    ++stats_.waits;
    record_gap(task, now_, id);
    task.wait = Wait::kToken;
    block(id, TaskState::kSleeping);
    return false;
  case ActionKind::kWake:
    ++stats_.tokens;
    stats_.sync_wakeups += action.sync ? 1 : 0;
    give_token(action.target, kWakeTtwu | (action.sync ? kWakeSync : 0));
    return true;
  case ActionKind::kYield:
    ++stats_.yields;
    call_policy("yield", {Where::kOther, curr, id}, [&] { policy_->yield(task.sim); });
    if (failed_) {
      task.sim.slice_ns = 0;
    }
    cpus_[id].need_resched = true;
    return true;
  case ActionKind::kExit:
    task.wait_status = action.value << 8; // waitpid(2)
    exit_task(id);
    return false;
  default:
    return call_kernel(id, curr, action);
  }
}

// Calls that change the caller itself or make another task. False: the task left the CPU.
bool Engine::call_kernel(CpuId id, TaskId curr, const Action& action) {
  tasks_[curr].left = kSetSchedNs;
  switch (action.kind) {
  case ActionKind::kFork:
    ++stats_.forks;
    tasks_[curr].left = kForkNs;
    listener_.on_fork(curr);
    break;
  case ActionKind::kReap:
    tasks_[curr].left = kReapNs;
    listener_.on_reap(curr);
    break;
  case ActionKind::kSetNice:
    ++stats_.nice_changes;
    set_nice(curr, action.value);
    break;
  case ActionKind::kSetAffinity: {
    ++stats_.affinity_changes;
    CpuMask one;
    one.set(action.target);
    set_affinity(curr, one);
    break;
  }
  case ActionKind::kSetPolicy:
    ++stats_.policy_changes;
    set_policy(curr, static_cast<std::uint32_t>(action.value));
    break;
  default:
    break;
  }
  return cpus_[id].curr == curr;
}

// The running task leaves the CPU by itself: dequeue_task_scx() with SCX_DEQ_SLEEP.
void Engine::block(CpuId id, TaskState state) {
  Cpu& cpu = cpus_[id];
  const TaskId curr = cpu.curr;
  Task& task = tasks_[curr];
  call_policy("stopping", {Where::kOther, curr, id}, [&] { policy_->stopping(task.sim, false); });
  const std::uint64_t flags = state == TaskState::kThrottled ? 0 : kDeqSleep;
  call_policy("quiescent", {Where::kOther, curr, id}, [&] { policy_->quiescent(task.sim, flags); });
  task.state = state;
  if (state == TaskState::kSleeping && enforce_bandwidth_) {
    for (const std::uint32_t index : task.limits) {
      bandwidths_[index].give_back(id);
    }
  }
  ++task.switches_voluntary;
  cpu.curr = kNoTask;
  cpu.last_task = curr;
  task.last_cpu = id;
  ++cpu.step_generation;
  cpu.need_resched = true;
}

// Ends the gap that began at gap_from, and keeps it if it is among the longest.
void Engine::record_gap(Task& task, Nanos now, CpuId cpu) {
  const Nanos from = task.gap_from;
  task.gap_from = kNever;
  if (!task.started || from >= now) {
    return;
  }
  const Gap gap{.start_ns = from, .length_ns = now - from, .cpu = cpu};
  std::uint32_t at = task.gap_count;
  while (at > 0 && task.gaps[at - 1].length_ns < gap.length_ns) {
    --at;
  }
  if (at == kGapsPerWorker) {
    return;
  }
  task.gap_count = std::min(task.gap_count + 1, kGapsPerWorker);
  for (std::uint32_t i = task.gap_count - 1; i > at; --i) {
    task.gaps[i] = task.gaps[i - 1];
  }
  task.gaps[at] = gap;
}

// Algorithm R (Vitter 1985): every wake-up has the same chance to be in the sample.
void Engine::record_wakeup(Task& task, Nanos latency) {
  if (!task.started) {
    return;
  }
  ++task.wakeups;
  if (task.wake_latencies.size() < kWakeLatenciesPerWorker) {
    task.wake_latencies.push_back(latency);
  } else if (const std::uint64_t at = wakeup_sample_.below(task.wakeups);
             at < kWakeLatenciesPerWorker) {
    task.wake_latencies[at] = latency;
  }
}

} // namespace schedrig::mock
