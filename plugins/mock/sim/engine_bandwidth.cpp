// SPDX-License-Identifier: MIT
// cpu.max: charging, throttling and the period timer. Tasks throttle themselves on their way back
// to user mode and wait until their CPU has runtime again (throttle_cfs_rq_work(),
// kernel/sched/fair.c, Linux 6.18). Not modelled: the slack timer, which hands returned runtime out
// before the period ends.
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

void Engine::find_limits(Task& task) {
  task.limits.clear();
  for (const SimGroup& group : task.groups) {
    for (std::uint32_t i = 0; i < bandwidths_.size(); ++i) {
      if (bandwidths_[i].cgroup_id == group.id && bandwidths_[i].limit.quota_ns >= 0) {
        task.limits.push_back(i);
      }
    }
  }
}

void Engine::set_bandwidth(std::uint64_t cgroup_id, const BandwidthLimit& limit) {
  auto at = std::ranges::find(bandwidths_, cgroup_id, &Bandwidth::cgroup_id);
  if (at == bandwidths_.end()) {
    if (limit.quota_ns < 0) {
      return;
    }
    at = std::ranges::find(bandwidths_, 0U, &Bandwidth::cgroup_id);
    if (at == bandwidths_.end()) {
      bandwidths_.emplace_back();
      at = bandwidths_.end() - 1;
      at->cpus.resize(cpus());
    }
    at->cgroup_id = cgroup_id;
    at->stats = {};
  }
  const auto index = static_cast<std::uint32_t>(at - bandwidths_.begin());
  at->limit = limit;
  at->pool = at->pool_before = 0;
  if (limit.quota_ns >= 0) {
    at->fill();
  }
  for (Bandwidth::PerCpu& each : at->cpus) {
    each.remaining = 1; // tg_set_cfs_bandwidth()
  }
  at->timer_armed = false;
  ++at->generation; // the timer of the old period
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    find_limits(tasks_[id]);
  }
  unthrottle(index, at->throttled);
  finish_call();
}

void Engine::forget_bandwidth(std::uint64_t cgroup_id) {
  set_bandwidth(cgroup_id, {});
  if (const auto at = std::ranges::find(bandwidths_, cgroup_id, &Bandwidth::cgroup_id);
      at != bandwidths_.end()) {
    at->cgroup_id = 0;
  }
}

BandwidthStats Engine::bandwidth_stats(std::uint64_t cgroup_id) const {
  const auto at = std::ranges::find(bandwidths_, cgroup_id, &Bandwidth::cgroup_id);
  return at == bandwidths_.end() ? BandwidthStats{} : at->stats;
}

void Engine::enforce_bandwidth(bool enforce) {
  enforce_bandwidth_ = enforce;
  for (std::uint32_t i = 0; i < bandwidths_.size() && !enforce; ++i) {
    unthrottle(i, bandwidths_[i].throttled);
  }
  finish_call();
}

// account_cfs_rq_runtime().
void Engine::spend_runtime(CpuId cpu, Task& task, Nanos ns) {
  if (!enforce_bandwidth_) {
    return;
  }
  for (const std::uint32_t index : task.limits) {
    Bandwidth& limit = bandwidths_[index];
    limit.cpus[cpu].remaining -= ns;
    if (limit.cpus[cpu].remaining > 0) {
      continue;
    }
    if (!limit.timer_armed) {
      limit.timer_armed = true;
      events_.push(now_ + limit.limit.period_ns, SimEventKind::kPeriod, index, limit.generation);
    }
    if (limit.take_slice(cpu)) {
      continue;
    }
    if (!limit.throttled.test(cpu)) {
      limit.throttled.set(cpu);
      limit.cpus[cpu].throttled_at = now_;
    }
    Cpu& here = cpus_[cpu];
    ++here.step_generation;
    events_.push(std::max(here.work_start, now_), SimEventKind::kStep, cpu, here.step_generation);
  }
}

bool Engine::is_throttled(const Task& task, CpuId cpu) const {
  return std::ranges::any_of(
      task.limits, [&](std::uint32_t index) { return bandwidths_[index].throttled.test(cpu); });
}

// The running task goes to the limbo list of a group that is out of runtime.
void Engine::throttle_current(CpuId cpu) {
  const TaskId curr = cpus_[cpu].curr;
  Task& task = tasks_[curr];
  for (const std::uint32_t index : task.limits) {
    if (bandwidths_[index].throttled.test(cpu)) {
      bandwidths_[index].waiting.push_back(curr);
      break;
    }
  }
  if (task.wait == Wait::kNone && task.gap_from == kNever) {
    task.gap_from = now_;
  }
  block(cpu, TaskState::kThrottled);
}

// Of the CPUs in `on`; tasks that another limit holds on these go to its list.
void Engine::unthrottle(std::uint32_t index, CpuMask on) {
  Bandwidth& limit = bandwidths_[index];
  for (CpuId cpu = 0; cpu < cpus(); ++cpu) {
    if (on.test(cpu) && limit.throttled.test(cpu)) {
      limit.throttled.clear(cpu);
      limit.stats.throttled_ns += now_ - limit.cpus[cpu].throttled_at;
    }
  }
  std::vector<TaskId> waiting = std::exchange(limit.waiting, {});
  for (const TaskId id : waiting) {
    release_throttled(id);
  }
}

void Engine::release_throttled(TaskId id) {
  Task& task = tasks_[id];
  if (task.state != TaskState::kThrottled) {
    return;
  }
  const auto cpu = static_cast<CpuId>(task.sim.cpu);
  for (const std::uint32_t index : task.limits) {
    if (bandwidths_[index].throttled.test(cpu)) {
      bandwidths_[index].waiting.push_back(id);
      return;
    }
  }
  if (!task.allowed.test(cpu)) { // changed meanwhile
    move_task_cpu(task, any_allowed(task));
  }
  make_runnable(id, 0);
}

// do_sched_cfs_period_timer() and distribute_cfs_runtime().
void Engine::on_period(std::uint32_t index, std::uint32_t generation) {
  Bandwidth& limit = bandwidths_[index];
  if (limit.generation != generation) {
    return;
  }
  const bool throttled = !limit.throttled.empty();
  ++limit.stats.periods;
  limit.fill();
  if (limit.idle && !throttled) {
    limit.timer_armed = false;
    return;
  }
  events_.push(now_ + limit.limit.period_ns, SimEventKind::kPeriod, index, generation);
  limit.idle = !throttled;
  if (!throttled) {
    return;
  }
  ++limit.stats.throttled_periods;
  CpuMask ready;
  for (CpuId cpu = 0; cpu < cpus() && limit.pool > 0; ++cpu) {
    if (limit.throttled.test(cpu)) {
      Nanos& remaining = limit.cpus[cpu].remaining;
      const Nanos amount = std::min(limit.pool, 1 - remaining);
      limit.pool -= amount;
      remaining += amount;
      if (remaining > 0) {
        ready.set(cpu);
      }
    }
  }
  unthrottle(index, ready);
}

} // namespace schedrig::mock
