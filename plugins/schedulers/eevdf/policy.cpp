// SPDX-License-Identifier: MIT
#include "plugins/schedulers/eevdf/policy.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace schedrig::eevdf {
namespace {

// sched_prio_to_weight[], kernel/sched/core.c.
constexpr std::array<std::int64_t, 40> kWeights = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
    3906,  3121,  2501,  1991,  1586,  1277,  1024,  820,   655,   526,   423,  335,  272,  215,
    172,   137,   110,   87,    70,    56,    45,    36,    29,    23,    18,   15};
constexpr std::int64_t kIdleWeight = 3;        // WEIGHT_IDLEPRIO
constexpr std::uint32_t kSchedIdle = 5;        // include/uapi/linux/sched.h
constexpr std::int64_t kBaseSliceNs = 700'000; // normalized_sysctl_sched_base_slice
constexpr std::uint32_t kMaxScaledCpus = 8;    // get_update_sysctl_factor()

std::int64_t weight_of(const SimTask& task) {
  if (task.policy == kSchedIdle) {
    return kIdleWeight;
  }
  const int level = std::clamp(task.nice, -20, 19) + 20;
  return kWeights[static_cast<std::size_t>(level)];
}

} // namespace

Status Eevdf::on_init() {
  const std::uint32_t n = kernel().nr_cpus();
  if (slice_ns_ == 0) {
    const auto log2 = static_cast<std::int64_t>(std::bit_width(std::min(n, kMaxScaledCpus))) - 1;
    slice_ns_ = kBaseSliceNs * (1 + log2);
  }
  cpus_.resize(n);
  for (std::uint32_t cpu = 0; cpu < n; ++cpu) {
    CpuState& each = cpus_[cpu];
    each.llc = kernel().cpu_llc(cpu);
    each.core = kernel().cpu_core(cpu);
    each.node = kernel().cpu_node(cpu);
    llc_nr_.resize(std::max<std::size_t>(llc_nr_.size(), each.llc + 1));
    core_nr_.resize(std::max<std::size_t>(core_nr_.size(), each.core + 1));
  }
  groups_.resize(1);
  return {};
}

Eevdf::TaskState& Eevdf::state(const SimTask& task) {
  return tasks_[task.index];
}

RunQueue& Eevdf::queue_of(const TaskState& state) {
  return state.group == kRootGroup ? cpus_[state.cpu].root
                                   : groups_[state.group].cpus[state.cpu].queue;
}

void Eevdf::on_init_task(const SimTask& task) {
  if (task.index >= tasks_.size()) {
    tasks_.resize(task.index + 1);
  }
  TaskState& each = state(task);
  each = {};
  each.task = &task;
  each.entity.owner = task.index;
  each.entity.slice_ns = slice_ns_;
  each.entity.weight = weight_of(task);
}

void Eevdf::on_exit_task(const SimTask& task) {
  TaskState& each = state(task);
  if (each.entity.on_rq) {
    detach_task(each);
  }
  each.task = nullptr;
}

// Called while the task is off the queue, or asleep and maybe delayed.
void Eevdf::on_set_weight(const SimTask& task) {
  TaskState& each = state(task);
  if (each.entity.on_rq) {
    detach_task(each);
  }
  queue_of(each).reweight(each.entity, weight_of(task));
}

// Bookkeeping of runnable tasks for the choice of CPUs.
void Eevdf::count(std::uint32_t cpu, std::int32_t by) {
  CpuState& each = cpus_[cpu];
  const bool was_overloaded = each.nr > 1;
  const auto delta = static_cast<std::uint32_t>(by); // wraps for -1
  each.nr += delta;
  llc_nr_[each.llc] += delta;
  core_nr_[each.core] += delta;
  overloaded_ +=
      static_cast<std::uint32_t>(each.nr > 1) - static_cast<std::uint32_t>(was_overloaded);
}

// enqueue_task_fair().
void Eevdf::attach_task(TaskState& each, std::uint32_t cpu, bool initial) {
  each.cpu = cpu;
  each.group = group_of(*each.task);
  charge(cpu);
  queue_of(each).enqueue(each.entity, initial);
  join_group(each);
  count(cpu, 1);
}

// dequeue_task_fair() for good.
void Eevdf::detach_task(TaskState& each) {
  charge(each.cpu);
  CpuState& cpu = cpus_[each.cpu];
  RunQueue& queue = queue_of(each);
  if (queue.current() == &each.entity) {
    cpu.root.put_current();
    if (&queue != &cpu.root) {
      queue.put_current();
    }
    cpu.running = kNone;
  }
  const bool counted = !each.entity.delayed;
  queue.dequeue(each.entity);
  leave_group(each);
  if (counted) {
    count(each.cpu, -1);
  }
}

// update_curr() on both levels; true when the running task should give way.
bool Eevdf::charge(std::uint32_t id) {
  CpuState& cpu = cpus_[id];
  const std::int64_t now = kernel().now_ns();
  const std::int64_t delta = now - cpu.charged_until;
  cpu.charged_until = now;
  if (cpu.running == kNone || delta <= 0) {
    return false;
  }
  const TaskState& each = tasks_[cpu.running];
  bool give_way = cpu.root.charge(delta);
  if (each.group != kRootGroup) {
    give_way = groups_[each.group].cpus[id].queue.charge(delta) || give_way;
  }
  return give_way;
}

// pick_next_entity() from the root down. Delayed entities that come up are taken off for good.
Eevdf::TaskState* Eevdf::pick_task(std::uint32_t id) {
  CpuState& cpu = cpus_[id];
  while (cpu.root.size() > 0) {
    Entity* entity = cpu.root.pick(true);
    if (entity != nullptr && entity->is_group) {
      entity = groups_[entity->owner].cpus[id].queue.pick(true);
    }
    if (entity == nullptr) {
      return nullptr;
    }
    TaskState& each = tasks_[entity->owner];
    if (!entity->delayed) {
      return &each;
    }
    detach_task(each);
  }
  return nullptr;
}

std::int32_t Eevdf::on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                                  std::uint64_t wake_flags) {
  const auto prev = static_cast<std::uint32_t>(prev_cpu);
  const TaskState& each = state(task);
  if (each.entity.delayed) {
    return static_cast<std::int32_t>(each.cpu); // still on that queue: ttwu_runnable()
  }
  return (wake_flags & kWakeFork) != 0 ? least_loaded(task, prev) : idle_in_llc(task, prev);
}

void Eevdf::on_enqueue(const SimTask& task, std::uint64_t enq_flags) {
  TaskState& each = state(task);
  const auto cpu = static_cast<std::uint32_t>(task.cpu);
  if (each.entity.on_rq && each.entity.delayed) {
    charge(each.cpu);
    detach_task(each); // requeue_delayed_entity(): comes back with its lag
  }
  if (each.entity.on_rq) {
    return; // preempted: on_stopping() has put it back
  }
  const bool initial = each.is_new;
  each.is_new = false;
  attach_task(each, cpu, initial);
  if ((enq_flags & kEnqWakeup) != 0 && preempts(cpu, each)) {
    kernel().kick_cpu(cpu, kKickPreempt);
  }
}

// check_preempt_wakeup_fair(): would the woken task be picked now?
bool Eevdf::preempts(std::uint32_t id, const TaskState& woken) {
  CpuState& cpu = cpus_[id];
  if (cpu.running == kNone) {
    return false;
  }
  TaskState& current = tasks_[cpu.running];
  if (current.task->policy == kSchedIdle && woken.task->policy != kSchedIdle) {
    current.entity.vprot = current.entity.vruntime; // cancel_protect_slice()
    return true;
  }
  if (woken.task->policy != 0) {
    return false; // batch and idle tasks never preempt
  }
  // On the level where the two meet.
  if (woken.group == current.group && woken.group != kRootGroup) {
    return groups_[woken.group].cpus[id].queue.pick(true) == &woken.entity;
  }
  const Entity* entity =
      woken.group == kRootGroup ? &woken.entity : &groups_[woken.group].cpus[id].entity;
  return cpu.root.pick(true) == entity;
}

void Eevdf::on_dequeue(const SimTask& task, std::uint64_t /*deq_flags*/) {
  if (TaskState& each = state(task); each.entity.on_rq) {
    detach_task(each);
  }
}

void Eevdf::on_dispatch(std::int32_t cpu, const SimTask* prev) {
  const auto id = static_cast<std::uint32_t>(cpu);
  charge(id);
  TaskState* next = pick_task(id);
  if (next == nullptr && prev == nullptr && pull(id, true)) {
    next = pick_task(id);
  }
  if (next == nullptr) {
    return;
  }
  if (next->task == prev) {
    kernel().set_slice(*prev, kSliceInfinite); // deadlines end slices, at ticks
    return;
  }
  kernel().dsq_insert(*next->task, kDsqLocal, kSliceInfinite, 0);
}

void Eevdf::on_running(const SimTask& task) {
  TaskState& each = state(task);
  const auto id = static_cast<std::uint32_t>(task.cpu);
  if (each.entity.on_rq && each.cpu != id) {
    detach_task(each);
  }
  if (!each.entity.on_rq) { // an attribute of the running task was changed
    attach_task(each, id, false);
  }
  CpuState& cpu = cpus_[id];
  charge(id);
  cpu.running = task.index;
  cpu.charged_until = kernel().now_ns();
  if (each.group == kRootGroup) {
    cpu.root.set_current(each.entity);
  } else {
    GroupCpu& group = groups_[each.group].cpus[id];
    cpu.root.set_current(group.entity);
    group.queue.set_current(each.entity);
  }
}

// put_prev_task_fair(): the entities go back to their queues, runnable or not.
void Eevdf::on_stopping(const SimTask& task, bool /*still_runnable*/) {
  TaskState& each = state(task);
  CpuState& cpu = cpus_[each.cpu];
  charge(each.cpu);
  if (cpu.running != task.index) {
    return;
  }
  cpu.root.put_current();
  if (each.group != kRootGroup) {
    groups_[each.group].cpus[each.cpu].queue.put_current();
  }
  cpu.running = kNone;
}

// dequeue_task_fair(). DELAY_DEQUEUE: who sleeps while ahead of the average keeps competing until
// that is worked off; else a short sleep would wash it away.
void Eevdf::on_quiescent(const SimTask& task, std::uint64_t deq_flags) {
  TaskState& each = state(task);
  if (!each.entity.on_rq) {
    return;
  }
  if ((deq_flags & kDeqSleep) != 0 && !queue_of(each).eligible(each.entity)) {
    each.entity.delayed = true;
    count(each.cpu, -1);
    return;
  }
  detach_task(each);
}

void Eevdf::on_tick(const SimTask& task) {
  const auto id = static_cast<std::uint32_t>(task.cpu);
  const bool give_way = charge(id);
  update_shares(id, state(task).group);
  if (give_way) {
    kernel().set_slice(task, 0);
  }
  balance_at_tick(id);
}

// yield_task_fair(): forfeits the rest of the slice.
bool Eevdf::on_yield(const SimTask& task) {
  TaskState& each = state(task);
  charge(each.cpu);
  if (queue_of(each).size() > 1 || cpus_[each.cpu].root.size() > 1) {
    Entity& entity = each.entity;
    entity.vruntime = std::max(entity.vruntime, entity.deadline);
    entity.deadline += entity.slice_ns * kNice0Weight / entity.weight;
    entity.vprot = entity.vruntime;
  }
  kernel().set_slice(task, 0);
  return true;
}

} // namespace schedrig::eevdf
