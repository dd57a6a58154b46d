// SPDX-License-Identifier: MIT
// __schedule() of the simulated machine with balance_one(), pick, put_prev and set_next of
// kernel/sched/ext.c (Linux 6.18).
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

// update_curr_scx(): charges the running task up to now.
void Engine::charge(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (cpu.curr == kNoTask || stands(id)) {
    return;
  }
  Task& task = tasks_[cpu.curr];
  const Nanos delta = now_ - cpu.exec_start;
  cpu.exec_start = now_;
  task.sim.sum_exec_ns += delta;
  if (task.sim.slice_ns != kSliceInfinite) {
    task.sim.slice_ns -= std::min(task.sim.slice_ns, static_cast<std::uint64_t>(delta));
  }
  if (!task.limits.empty() && delta > 0) {
    spend_runtime(id, task, delta);
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
    call_policy("dispatch", {Where::kDispatch, prev, id}, [&] {
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
  call_policy("stopping", {Where::kOther, prev, id}, [&] { policy_->stopping(task.sim, true); });
  task.state = TaskState::kRunnable;
  task.runnable_at = task.queued_at = now_;
  task.gap_from = std::min(task.gap_from, now_);
  cpus_[id].curr = kNoTask;
  cpus_[id].last_task = prev;
  task.last_cpu = id;
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
  cpu.switches += cpu.idle_reported || cpu.last_task != next ? 1 : 0;
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
  cpu.switch_end = now_ + kContextSwitchNs;
  cpu.work_start = cpu.switch_end + refill_caches(id, next);
  ++stats_.context_switches;
  call_policy("running", {Where::kOther, next, id}, [&] { policy_->running(task.sim); });
  if (task.wait == Wait::kNone && !task.freeze) {
    record_gap(task, cpu.work_start, id);
  }
  if (task.woken_at != kNever) {
    record_wakeup(task, cpu.work_start - task.woken_at);
    task.woken_at = kNever;
  }
  arm_tick(id);
  arm_step(id);
}

void Engine::enter_idle(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (!cpu.idle_reported) {
    cpu.idle_reported = true;
    cpu.idle_since = now_;
    ++cpu.switches;
    idle_.set(id);
    call_policy("update_idle", {Where::kOther, kNoTask, id},
                [&] { policy_->update_idle(id, true); });
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
  call_policy("update_idle", {Where::kOther, kNoTask, id},
              [&] { policy_->update_idle(id, false); });
}

void Engine::arm_tick(CpuId id) {
  ticking_.set(id);
  if (!tick_armed_) {
    tick_armed_ = true;
    events_.push(((now_ / kTickNs) + 1) * kTickNs, SimEventKind::kTick, 0, 0);
  }
}

// When the running task needs the engine again. Ticks push work_start on, so that the event may
// come early: on_step then arms it anew.
void Engine::arm_step(CpuId id) {
  Cpu& cpu = cpus_[id];
  const Task& task = tasks_[cpu.curr];
  ++cpu.step_generation;
  const bool signal = must_stop(task, id);
  if (task.left < kNever / 2 || signal) {
    const Nanos at = std::max(cpu.work_start, now_) + (signal ? 0 : task.left);
    events_.push(at, SimEventKind::kStep, id, cpu.step_generation);
  }
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

// What the task that comes in has to fetch again: another one ran here since, or it was elsewhere.
Nanos Engine::refill_caches(CpuId id, TaskId next) {
  Task& task = tasks_[next];
  const bool warm = task.last_cpu == id && cpus_[id].last_task == next;
  if (task.working_set_lines == 0 || warm) {
    return 0;
  }
  const bool near =
      task.last_cpu != kNoCpu && cpus_[task.last_cpu].place.llc == cpus_[id].place.llc;
  task.cache_lines_refilled += task.working_set_lines;
  stats_.cache_lines_refilled += task.working_set_lines;
  return task.working_set_lines * (near ? kLlcRefillNs : kMemoryRefillNs);
}

} // namespace schedrig::mock
