// SPDX-License-Identifier: MIT
// __schedule() of the simulated machine with balance_one(), pick, put_prev and set_next of
// kernel/sched/ext.c, and what a running task does next.
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

// update_curr_scx(): charges the running task up to now.
void Engine::charge(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (cpu.curr == kNoTask) {
    return;
  }
  Task& task = tasks_[cpu.curr];
  const Nanos delta = now_ - cpu.exec_start;
  cpu.exec_start = now_;
  task.sim.sum_exec_ns += delta;
  if (task.sim.slice_ns != kSliceInfinite) {
    task.sim.slice_ns -= std::min(task.sim.slice_ns, static_cast<std::uint64_t>(delta));
  }
  if (now_ > cpu.work_start) {
    const Nanos worked = std::min(now_ - cpu.work_start, task.left);
    cpu.work_start = now_;
    task.left -= worked;
    cpu.progress_at = now_;
    if (task.working) {
      task.progress += worked;
    }
  }
}

void Engine::schedule(CpuId id) {
  Cpu& cpu = cpus_[id];
  cpu.need_resched = false;
  charge(id);
  const TaskId prev = cpu.curr;
  bool keep = false;
  const bool found = balance(id, prev, keep);
  if (keep) {
    Task& task = tasks_[prev];
    if (task.sim.slice_ns == 0) {
      task.sim.slice_ns = kSliceDefaultNs;
      ++stats_.refill_slice_default;
    }
    return;
  }
  const TaskId next = found ? dsqs_[id].head : kNoTask;
  if (prev != kNoTask) {
    ++tasks_[prev].switches_involuntary;
    put_prev(id, prev, next == kNoTask ? kEnqLast : 0);
  }
  if (next == kNoTask) {
    enter_idle(id);
    if (dsqs_[id].nr != 0) { // by the enqueue of prev
      cpu.resched_sent = true;
      events_.push(now_, SimEventKind::kResched, id, 0);
    }
    return;
  }
  set_next(id, next);
}

// balance_one(): makes sure that the local DSQ holds something, or says to keep `prev`.
bool Engine::balance(CpuId id, TaskId prev, bool& keep) {
  if (prev != kNoTask && tasks_[prev].sim.slice_ns != 0 && !failed_) {
    keep = true;
    return true;
  }
  const std::uint32_t global = cpus() + cpus_[id].place.node;
  if (dsqs_[id].nr != 0 || consume(global, id)) {
    return true;
  }
  std::uint32_t loops = kDispatchMaxLoops;
  while (!failed_) {
    dispatched_ = 0;
    call_policy({Where::kDispatch, prev, id}, [&] {
      policy_->dispatch(static_cast<std::int32_t>(id),
                        prev == kNoTask ? nullptr : &tasks_[prev].sim);
    });
    flush_inserts(id);
    if (prev != kNoTask && tasks_[prev].sim.slice_ns != 0) {
      keep = true;
      return true;
    }
    if (dsqs_[id].nr != 0 || consume(global, id)) {
      return true;
    }
    if (dispatched_ == 0) {
      break;
    }
    if (--loops == 0) {
      // The policy dispatches for ever what this CPU cannot run: let time pass, so that the
      // watchdog gets its turn.
      resched(id, kDispatchMaxLoops * kDispatchLoopNs);
      break;
    }
  }
  keep = prev != kNoTask && ((ops_.flags & kOpsEnqLast) == 0 || failed_);
  stats_.dispatch_keep_last += keep ? 1 : 0;
  return keep;
}

void Engine::put_prev(CpuId id, TaskId prev, std::uint64_t enq_flags) {
  Task& task = tasks_[prev];
  call_policy({Where::kOther, prev, id}, [&] { policy_->stopping(task.sim, true); });
  task.state = TaskState::kRunnable;
  task.runnable_at = task.queued_at = now_;
  task.gap_from = std::min(task.gap_from, now_);
  cpus_[id].curr = kNoTask;
  ++cpus_[id].step_generation;
  if (task.sim.slice_ns != 0 && !failed_) {
    push_dsq(id, prev, kEnqHead, 0, false);
  } else {
    enqueue(prev, enq_flags);
  }
}

void Engine::set_next(CpuId id, TaskId next) {
  Cpu& cpu = cpus_[id];
  Task& task = tasks_[next];
  leave_idle(id);
  take_from_dsq(next);
  task.state = TaskState::kRunning;
  task.sim.cpu = static_cast<std::int32_t>(id);
  if (task.sim.slice_ns == 0) {
    task.sim.slice_ns = kSliceDefaultNs;
  }
  task.run_delay += now_ - task.queued_at;
  task.cpus_used.set(id);
  cpu.curr = next;
  cpu.exec_start = now_;
  cpu.work_start = cpu.switch_end = now_ + kContextSwitchNs;
  ++stats_.context_switches;
  call_policy({Where::kOther, next, id}, [&] { policy_->running(task.sim); });
  if (task.wait == Wait::kNone && !task.freeze) {
    record_gap(task, cpu.work_start, id);
  }
  arm_tick(id);
  arm_step(id);
}

void Engine::enter_idle(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (!cpu.idle_reported) {
    cpu.idle_reported = true;
    cpu.idle_since = now_;
    idle_.set(id);
    call_policy({Where::kOther, kNoTask, id}, [&] { policy_->update_idle(id, true); });
    return;
  }
  idle_.set(id); // picked again while idle: free to be claimed again
}

void Engine::leave_idle(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (!cpu.idle_reported) {
    return;
  }
  cpu.idle_reported = false;
  cpu.idle_total += now_ - cpu.idle_since;
  cpu.progress_at = now_;
  idle_.clear(id);
  call_policy({Where::kOther, kNoTask, id}, [&] { policy_->update_idle(id, false); });
}

// Ticks come at the same instants on all CPUs, as without skew_tick.
void Engine::arm_tick(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (!cpu.tick_armed) {
    cpu.tick_armed = true;
    events_.push(((now_ / kTickNs) + 1) * kTickNs, SimEventKind::kTick, id, 0);
  }
}

// When the running task needs the engine again. Ticks push work_start on, so that the event may
// come early: on_step then arms it anew.
void Engine::arm_step(CpuId id) {
  Cpu& cpu = cpus_[id];
  const Task& task = tasks_[cpu.curr];
  ++cpu.step_generation;
  const bool signal = task.kill || task.freeze;
  if (task.left < kNever / 2 || signal) {
    const Nanos at = std::max(cpu.work_start, now_) + (signal ? 0 : task.left);
    events_.push(at, SimEventKind::kStep, id, cpu.step_generation);
  }
}

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
  Cpu& cpu = cpus_[id];
  const Action action = behaviour_.next_action(curr, task);
  task.working = action.kind == ActionKind::kCompute;
  task.left = kSyscallNs; // on the way in; also bounds how many actions fit into an instant
  switch (action.kind) {
  case ActionKind::kCompute:
  case ActionKind::kOverhead:
    task.left = std::max<Nanos>(action.ns, 1);
    if (task.working) {
      record_gap(task, now_, id);
    }
    return true;
  case ActionKind::kSleep:
    task.wait = Wait::kTimer;
    task.wait_until = now_ + action.ns + static_cast<Nanos>(timer_slack_.below(kTimerSlackNs));
    events_.push(task.wait_until, SimEventKind::kTimer, curr, ++task.timer_generation);
    block(id, TaskState::kSleeping);
    return false;
  case ActionKind::kReadToken:
    if (task.tokens > 0) {
      --task.tokens;
      return true;
    }
    task.wait = Wait::kToken;
    block(id, TaskState::kSleeping);
    return false;
  case ActionKind::kSendToken: {
    Task& target = tasks_[action.target];
    ++target.tokens;
    if (target.state == TaskState::kSleeping && target.wait == Wait::kToken) {
      --target.tokens;
      target.wait = Wait::kNone;
      wake(action.target, kWakeTtwu | kWakeSync, kEnqWakeup);
    }
    return true;
  }
  case ActionKind::kYield:
    call_policy({Where::kOther, curr, id}, [&] { policy_->yield(task.sim); });
    if (failed_) {
      task.sim.slice_ns = 0;
    }
    cpu.need_resched = true;
    return true;
  case ActionKind::kExit:
    task.wait_status = action.exit_code << 8; // waitpid(2)
    exit_task(id);
    return false;
  }
  return true;
}

// The running task leaves the CPU by itself: dequeue_task_scx() with SCX_DEQ_SLEEP.
void Engine::block(CpuId id, TaskState state) {
  Cpu& cpu = cpus_[id];
  const TaskId curr = cpu.curr;
  Task& task = tasks_[curr];
  call_policy({Where::kOther, curr, id}, [&] { policy_->stopping(task.sim, false); });
  call_policy({Where::kOther, curr, id}, [&] { policy_->quiescent(task.sim, kDeqSleep); });
  task.state = state;
  ++task.switches_voluntary;
  cpu.curr = kNoTask;
  ++cpu.step_generation;
  cpu.need_resched = true;
}

// resched_curr(): at once on the CPU that handles an event, else by an interrupt.
void Engine::resched(CpuId id, Nanos extra) {
  Cpu& cpu = cpus_[id];
  if (id == context_cpu_ && extra == 0) {
    cpu.need_resched = true;
    return;
  }
  if (!cpu.resched_sent) {
    cpu.resched_sent = true;
    const Nanos wake_up = cpu.curr == kNoTask ? kIdleExitNs : 0;
    const Nanos ipi = id == context_cpu_ ? 0 : kIpiNs;
    events_.push(now_ + ipi + wake_up + extra, SimEventKind::kResched, id, 0);
  }
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

} // namespace schedrig::mock
