// SPDX-License-Identifier: MIT
// Changes of what policies see of a task: masks, weight, group (sched_change of
// kernel/sched/core.c, Linux 6.18).
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"
#include "plugins/mock/sim/weights.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kPolicyIdle = 5;     // SCHED_IDLE, include/uapi/linux/sched.h
constexpr std::uint64_t kRootCgroupId = 1;   // cgroup_id() of the root cgroup
constexpr std::uint64_t kDequeueSave = 0x02; // DEQUEUE_SAVE, kernel/sched/sched.h

} // namespace

// The task's own mask within its cpuset; a cpuset that leaves nothing of it overrides it, as
// cpuset_cpus_allowed() and __set_cpus_allowed_ptr() do together.
void Engine::update_mask(Task& task) {
  task.allowed = task.own & task.cpuset;
  if (task.allowed.empty()) {
    task.allowed = task.cpuset;
  }
  task.nr_allowed = task.allowed.count();
  task.sim.cpus_allowed = std::span(task.allowed.words).first((cpus() + 63) / 64);
}

CpuId Engine::any_allowed(const Task& task) {
  for (std::uint32_t i = 1; i <= cpus(); ++i) {
    const CpuId cpu = (last_any_ + i) % cpus();
    if (task.allowed.test(cpu)) {
      last_any_ = cpu;
      return cpu;
    }
  }
  return 0;
}

// The frame of every change to a task that policies see: off the queue, change, back on
template <class Apply> void Engine::change(TaskId id, Change what, Apply&& apply) {
  Task& task = tasks_[id];
  const Context other{Where::kOther, id, kNoCpu};
  const bool running = task.state == TaskState::kRunning;
  const bool queued = task.state == TaskState::kRunnable;
  const auto cpu = static_cast<CpuId>(task.sim.cpu);
  if (running) {
    charge(cpu);
    call_policy("stopping", other, [&] { policy_->stopping(task.sim, false); });
  }
  if (queued) {
    dequeue(id, kDequeueSave);
  }
  if (running || queued) {
    call_policy("quiescent", other, [&] { policy_->quiescent(task.sim, kDequeueSave); });
  }
  std::forward<Apply>(apply)(task);
  if (task.state != TaskState::kDead) {
    if (what == Change::kWeight) {
      call_policy("set_weight", other, [&] { policy_->set_weight(task.sim); });
    } else if (what == Change::kMask) {
      call_policy("set_cpumask", other, [&] { policy_->set_cpumask(task.sim); });
    }
  }
  const bool must_move = (running || queued) && !task.allowed.test(cpu);
  if (running && !must_move) {
    call_policy("runnable", other, [&] { policy_->runnable(task.sim, 0); });
    call_policy("running", other, [&] { policy_->running(task.sim); });
  } else if (running || queued) {
    if (running) {
      task.gap_from = std::min(task.gap_from, now_);
      cpus_[cpu].curr = kNoTask;
      cpus_[cpu].last_task = id;
      task.last_cpu = cpu;
      ++cpus_[cpu].step_generation;
      resched(cpu);
    }
    if (must_move) {
      move_task_cpu(task, any_allowed(task));
    }
    const Nanos queued_at = queued ? task.queued_at : now_;
    make_runnable(id, 0);
    task.queued_at = queued_at;
  }
  finish_call();
}

void Engine::set_cpuset(TaskId id, const CpuMask& cpuset) {
  if (tasks_[id].cpuset == cpuset) {
    return;
  }
  change(id, Change::kMask, [&](Task& task) {
    task.cpuset = cpuset;
    update_mask(task);
  });
}

void Engine::set_affinity(TaskId id, const CpuMask& own) {
  change(id, Change::kMask, [&](Task& task) {
    task.own = own;
    update_mask(task);
  });
}

void Engine::set_nice(TaskId id, std::int32_t nice) {
  change(id, Change::kWeight, [&](Task& task) {
    task.sim.nice = nice;
    task.sim.weight = policy_weight(nice, task.sim.policy == kPolicyIdle);
  });
}

void Engine::set_policy(TaskId id, std::uint32_t policy) {
  change(id, Change::kWeight, [&](Task& task) {
    task.sim.policy = policy;
    task.sim.weight = policy_weight(task.sim.nice, policy == kPolicyIdle);
  });
}

void Engine::set_working_set(TaskId id, std::uint64_t bytes) {
  tasks_[id].working_set_lines =
      static_cast<std::uint32_t>(std::min(bytes, kPrivateCacheBytes) / kCacheLineBytes);
}

void Engine::store_groups(Task& task, std::span<const SimGroup> groups) {
  task.groups.assign(groups.begin(), groups.end());
  task.sim.groups = task.groups;
  find_limits(task);
  task.sim.cgroup_id = groups.empty() ? kRootCgroupId : groups.back().id;
  task.sim.cgroup_weight = groups.empty() ? SimGroup{}.weight : groups.back().weight;
}

void Engine::set_groups(TaskId id, std::span<const SimGroup> groups) {
  const Task& now = tasks_[id];
  if (std::ranges::equal(now.groups, groups)) {
    return;
  }
  const bool same = std::ranges::equal(now.groups, groups, {}, &SimGroup::id, &SimGroup::id);
  change(id, same ? Change::kWeight : Change::kGroup,
         [&](Task& task) { store_groups(task, groups); });
  for (Bandwidth& each : bandwidths_) { // its new groups decide anew
    std::erase(each.waiting, id);
  }
  release_throttled(id);
  finish_call();
}

} // namespace schedrig::mock
