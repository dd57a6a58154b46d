// SPDX-License-Identifier: MIT
// The life of tasks: creation, wake-ups, exit, signals, and the freezer of
// cgroup v2, which like a signal makes a task stop by itself when it next runs
// (kernel/cgroup/freezer.c, Linux 6.18).
#include <algorithm>
#include <utility>

#include "plugins/mock/sim/engine.hpp"
#include "plugins/mock/sim/weights.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kPolicyIdle = 5; // SCHED_IDLE, include/uapi/linux/sched.h

} // namespace

TaskId Engine::create_task(const TaskParams& params) {
  TaskId id = 0;
  if (free_tasks_.empty()) {
    id = tasks_.grow();
  } else {
    id = free_tasks_.back();
    free_tasks_.pop_back();
    const std::uint32_t generation = tasks_[id].timer_generation;
    tasks_[id] = Task{};
    tasks_[id].timer_generation = generation + 1; // a timer of the previous owner may be queued
  }
  Task& task = tasks_[id];
  task.sim.index = id;
  task.sim.pid = params.pid;
  task.sim.nice = params.nice;
  task.sim.policy = params.policy;
  task.sim.weight = policy_weight(params.nice, params.policy == kPolicyIdle);
  store_groups(task, params.groups);
  task.sim.slice_ns = kSliceDefaultNs;
  task.own = params.own;
  task.cpuset = params.cpuset;
  update_mask(task);
  const std::size_t n = std::min(params.comm.size(), task.comm.size() - 1);
  std::copy_n(params.comm.begin(), n, task.comm.begin());
  task.created_at = now_;
  task.state = TaskState::kNew;
  task.wait = params.waits_for_start ? Wait::kToken : Wait::kNone;
  task.left = kChildSetupNs;
  call_policy("init_task", {Where::kOther, id, kNoCpu}, [&] { policy_->init_task(task.sim); });
  call_policy("enable", {Where::kOther, id, kNoCpu}, [&] { policy_->enable(task.sim); });
  call_policy("set_weight", {Where::kOther, id, kNoCpu}, [&] { policy_->set_weight(task.sim); });
  wake(id, kWakeFork, kEnqWakeup);
  finish_call();
  return id;
}

// select_task_rq(): asks the policy when there is a choice, and overrides a forbidden answer.
CpuId Engine::choose_cpu(TaskId id, std::uint64_t wake_flags) {
  Task& task = tasks_[id];
  if (task.nr_allowed == 1) {
    return task.allowed.first();
  }
  const std::int32_t prev =
      task.sim.cpu >= 0 ? task.sim.cpu : static_cast<std::int32_t>(task.allowed.first());
  std::int32_t chosen = prev;
  call_policy("select_cpu", {Where::kSelectCpu, id, kNoCpu},
              [&] { chosen = policy_->select_cpu(task.sim, prev, wake_flags); });
  if (!failed_ && !check_cpu(chosen, " from ops.select_cpu()", id)) {
    chosen = prev;
  }
  if (!task.allowed.test(static_cast<CpuId>(chosen))) {
    ++stats_.select_cpu_fallback;
    return any_allowed(task);
  }
  return static_cast<CpuId>(chosen);
}

// try_to_wake_up() and wake_up_new_task().
void Engine::wake(TaskId id, std::uint64_t wake_flags, std::uint64_t enq_flags) {
  Task& task = tasks_[id];
  ++stats_.wakeups;
  const CpuId cpu = choose_cpu(id, wake_flags);
  if (task.wait == Wait::kNone) {
    task.gap_from = std::min(task.gap_from, now_);
    task.woken_at = now_;
  }
  move_task_cpu(task, cpu);
  make_runnable(id, enq_flags);
}

void Engine::make_runnable(TaskId id, std::uint64_t enq_flags) {
  Task& task = tasks_[id];
  task.state = TaskState::kRunnable;
  task.runnable_at = task.queued_at = now_;
  call_policy("runnable", {Where::kOther, id, kNoCpu},
              [&] { policy_->runnable(task.sim, enq_flags); });
  enqueue(id, enq_flags);
  const auto cpu = static_cast<CpuId>(task.sim.cpu);
  if (cpus_[cpu].curr == kNoTask) {
    resched(cpu); // wakeup_preempt(): any task is above the idle task
  }
}

void Engine::exit_task(CpuId cpu) {
  const TaskId id = cpus_[cpu].curr;
  Task& task = tasks_[id];
  block(cpu, TaskState::kDead);
  task.ended_at = now_;
  call_policy("disable", {Where::kOther, id, cpu}, [&] { policy_->disable(task.sim); });
  call_policy("exit_task", {Where::kOther, id, cpu}, [&] { policy_->exit_task(task.sim); });
  listener_.on_task_dead(id);
}

void Engine::reap(TaskId id) {
  tasks_[id].state = TaskState::kFree;
  free_tasks_.push_back(id);
}

void Engine::send_token(TaskId id) {
  Task& task = tasks_[id];
  if (!task.started) {
    task.started = true;
    task.started_at = now_;
    task.gap_from = now_;
    // Reports begin here: before, the task sat wherever it was forked.
    if (task.state == TaskState::kRunning) {
      charge(static_cast<CpuId>(task.sim.cpu));
    }
    task.exec_at_start = task.sim.sum_exec_ns;
    task.run_delay = 0;
    task.migrations = 0;
    task.wakeups = 0;
    task.wake_latencies.clear();
    static_cast<void>(take_cpus_used(id));
  }
  give_token(id, kWakeTtwu);
  finish_call();
}

void Engine::give_token(TaskId id, std::uint64_t wake_flags) {
  Task& task = tasks_[id];
  ++task.tokens;
  if (task.state == TaskState::kSleeping && task.wait == Wait::kToken) {
    --task.tokens;
    task.wait = Wait::kNone;
    wake(id, wake_flags, kEnqWakeup);
  }
}

// A signal: a running task meets it on its way back from an interrupt, a sleeping one is woken.
void Engine::poke(TaskId id) {
  Task& task = tasks_[id];
  if (task.state == TaskState::kRunning) {
    Cpu& cpu = cpus_[static_cast<CpuId>(task.sim.cpu)];
    ++cpu.step_generation;
    const Nanos entry = std::max(cpu.work_start, now_ + kIpiNs);
    const Nanos at =
        must_stop(task, cpu.place.cpu) ? entry : std::max(entry, cpu.work_start + task.left);
    events_.push(at, SimEventKind::kStep, cpu.place.cpu, cpu.step_generation);
  } else if (task.state == TaskState::kSleeping ||
             (task.state == TaskState::kFrozen && task.kill)) {
    if (task.state == TaskState::kFrozen) {
      listener_.on_task_frozen(id, false);
    }
    wake(id, kWakeTtwu, kEnqWakeup);
  }
}

void Engine::request_stop(TaskId id) {
  Task& task = tasks_[id];
  if (task.state == TaskState::kDead || task.stop) {
    return;
  }
  if (task.state == TaskState::kRunning) {
    charge(static_cast<CpuId>(task.sim.cpu));
  }
  task.stop = true;
  if (task.working) {
    task.left = std::min(task.left, kUnitNs - (task.progress % kUnitNs));
  }
  poke(id);
  finish_call();
}

void Engine::kill_task(TaskId id) {
  Task& task = tasks_[id];
  if (task.state == TaskState::kDead || task.kill) {
    return;
  }
  task.kill = true;
  poke(id);
  finish_call();
}

void Engine::set_freeze(TaskId id, bool freeze) {
  Task& task = tasks_[id];
  if (task.state == TaskState::kDead || task.freeze == freeze) {
    return;
  }
  task.freeze = freeze;
  if (freeze) {
    poke(id);
  } else if (task.state == TaskState::kFrozen) {
    listener_.on_task_frozen(id, false);
    wake(id, kWakeTtwu, kEnqWakeup);
  }
  finish_call();
}

CpuMask Engine::take_cpus_used(TaskId id) {
  Task& task = tasks_[id];
  const CpuMask used = std::exchange(task.cpus_used, {});
  if (task.state == TaskState::kRunning) {
    task.cpus_used.set(static_cast<CpuId>(task.sim.cpu));
  }
  return used;
}

} // namespace schedrig::mock
