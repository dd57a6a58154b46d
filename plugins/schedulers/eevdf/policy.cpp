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
    llcs_.resize(std::max<std::size_t>(llcs_.size(), each.llc + 1));
    llcs_[each.llc].cpus.push_back(cpu);
    ++llcs_[each.llc].idle;
    core_nr_.resize(std::max<std::size_t>(core_nr_.size(), each.core + 1));
  }
  idle_ = n;
  groups_.resize(1);
  groups_[kRootGroup].cpus.resize(n);
  return {};
}

Eevdf::TaskState& Eevdf::state(const SimTask& task) {
  return tasks_[task.index];
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
  join_group(each, kRootGroup);
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

// add_nr_running() and account_entity_enqueue(): the CPU's list of tasks, and who is busy.
void Eevdf::link(TaskState& each) {
  CpuState& cpu = cpus_[each.cpu];
  const std::uint32_t id = each.task->index;
  each.prev = kNone;
  each.next = cpu.first;
  (cpu.first == kNone ? cpu.last : tasks_[cpu.first].prev) = id;
  cpu.first = id;
  Llc& llc = llcs_[cpu.llc];
  ++llc.runnable;
  ++core_nr_[cpu.core];
  if (++cpu.nr == 1) {
    --llc.idle;
    --idle_;
  } else if (cpu.nr == 2) {
    ++overloaded_;
  }
}

void Eevdf::unlink(TaskState& each) {
  CpuState& cpu = cpus_[each.cpu];
  (each.prev == kNone ? cpu.first : tasks_[each.prev].next) = each.next;
  (each.next == kNone ? cpu.last : tasks_[each.next].prev) = each.prev;
  Llc& llc = llcs_[cpu.llc];
  --llc.runnable;
  --core_nr_[cpu.core];
  if (--cpu.nr == 0) {
    ++llc.idle;
    ++idle_;
  } else if (cpu.nr == 1) {
    --overloaded_;
  }
}

// enqueue_task_fair().
void Eevdf::attach_task(TaskState& each, std::uint32_t cpu, bool initial) {
  each.cpu = cpu;
  join_group(each, group_of(*each.task));
  charge(cpu);
  enqueue_on_groups(each, initial);
  link(each);
}

// dequeue_task_fair() for good.
void Eevdf::detach_task(TaskState& each, bool sleep) {
  charge(each.cpu);
  if (queue_of(each).current() == &each.entity) {
    put_running(each.cpu);
  }
  if (!each.entity.delayed) {
    unlink(each);
  }
  dequeue_from_groups(each, sleep);
}

// put_prev_task_fair(): the entities of the running task go back to their queues.
void Eevdf::put_running(std::uint32_t id) {
  CpuState& cpu = cpus_[id];
  for (std::uint32_t group = tasks_[cpu.running].group;; group = groups_[group].parent) {
    queue(group, id).put_current();
    if (group == kRootGroup) {
      break;
    }
  }
  cpu.running = kNone;
}

// update_curr() on every level. That the running task should give way is found out wherever it is
// charged and acted upon at the next tick.
void Eevdf::charge(std::uint32_t id) {
  CpuState& cpu = cpus_[id];
  const std::int64_t now = kernel().now_ns();
  const std::int64_t delta = now - cpu.charged_until;
  cpu.charged_until = now;
  if (cpu.running == kNone || delta <= 0) {
    return;
  }
  for (std::uint32_t group = tasks_[cpu.running].group;; group = groups_[group].parent) {
    cpu.gives_way = queue(group, id).charge(delta) || cpu.gives_way;
    if (group == kRootGroup) {
      return;
    }
  }
}

// pick_next_entity() from the root down. Delayed entities that come up are taken off for good.
Eevdf::TaskState* Eevdf::pick_task(std::uint32_t id) {
  while (root(id).size() > 0) {
    Entity* entity = root(id).pick(true);
    while (entity != nullptr && entity->is_group) {
      entity = queue(entity->owner, id).pick(true);
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
  if ((wake_flags & kWakeFork) != 0) {
    return least_loaded(task, prev);
  }
  return idle_in_llc(task, wake_affine(each, prev, (wake_flags & kWakeSync) != 0), prev);
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
  // On the level where the two meet: find_matching_se().
  const Entity* entity = &woken.entity;
  std::uint32_t group = woken.group;
  std::uint32_t other = current.group;
  while (group != other) {
    if (groups_[group].depth >= groups_[other].depth) {
      entity = &groups_[group].cpus[id].entity;
      group = groups_[group].parent;
    } else {
      other = groups_[other].parent;
    }
  }
  return queue(group, id).pick(true) == entity;
}

void Eevdf::on_dequeue(const SimTask& task, std::uint64_t /*deq_flags*/) {
  if (TaskState& each = state(task); each.entity.on_rq) {
    detach_task(each);
  }
}

void Eevdf::on_dispatch(std::int32_t cpu, const SimTask* prev) {
  const auto id = static_cast<std::uint32_t>(cpu);
  charge(id);
  cpus_[id].gives_way = false;
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
  Entity* entity = &each.entity;
  for (std::uint32_t group = each.group;; group = groups_[group].parent) {
    GroupCpu& part = groups_[group].cpus[id];
    part.queue.set_current(*entity);
    entity = &part.entity;
    if (group == kRootGroup) {
      break;
    }
  }
}

void Eevdf::on_stopping(const SimTask& task, bool /*still_runnable*/) {
  const TaskState& each = state(task);
  charge(each.cpu);
  if (cpus_[each.cpu].running == task.index) {
    put_running(each.cpu);
  }
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
    unlink(each);
    return;
  }
  detach_task(each, (deq_flags & kDeqSleep) != 0);
}

void Eevdf::on_tick(const SimTask& task) {
  const auto id = static_cast<std::uint32_t>(task.cpu);
  charge(id);
  update_shares(id, state(task).group);
  if (cpus_[id].gives_way) {
    kernel().set_slice(task, 0);
  }
  balance_at_tick(id);
}

// yield_task_fair(): forfeits the rest of the slice.
bool Eevdf::on_yield(const SimTask& task) {
  TaskState& each = state(task);
  charge(each.cpu);
  if (queue_of(each).size() > 1 || root(each.cpu).size() > 1) {
    Entity& entity = each.entity;
    entity.vruntime = std::max(entity.vruntime, entity.deadline);
    entity.deadline += entity.slice_ns * kNice0Weight / entity.weight;
    entity.vprot = entity.vruntime;
  }
  kernel().set_slice(task, 0);
  return true;
}

} // namespace schedrig::eevdf
