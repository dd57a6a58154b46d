// SPDX-License-Identifier: MIT
// Task groups of Eevdf: a group takes part in its parent's queue on each CPU with the share of its
// cpu.weight that its load on that CPU makes up (calc_group_shares(), kernel/sched/fair.c).
#include <algorithm>

#include "plugins/schedulers/eevdf/policy.hpp"

namespace schedrig::eevdf {
namespace {

constexpr std::int64_t kMinShares = 2; // MIN_SHARES

} // namespace

// The task's group; made, with its ancestors, when a task first comes to it.
std::uint32_t Eevdf::group_of(const SimTask& task) {
  std::uint32_t group = kRootGroup;
  for (const SimGroup& level : task.groups) {
    std::uint32_t child = 1;
    while (child < groups_.size() && groups_[child].cgroup_id != level.id) {
      ++child;
    }
    group = child < groups_.size() ? child : make_group(group, level.id);
    // sched_weight_from_cgroup(): 100 is a nice-0 task's weight.
    groups_[group].shares =
        std::max(static_cast<std::int64_t>(level.weight) * kNice0Weight / 100, kMinShares);
  }
  return group;
}

std::uint32_t Eevdf::make_group(std::uint32_t parent, std::uint64_t cgroup_id) {
  const auto free = std::find_if(groups_.begin() + 1, groups_.end(),
                                 [](const Group& each) { return each.cgroup_id == 0; });
  const auto index = static_cast<std::uint32_t>(free - groups_.begin());
  if (free == groups_.end()) {
    groups_.emplace_back();
  }
  Group& made = groups_[index];
  made = {};
  made.cgroup_id = cgroup_id;
  made.parent = parent;
  made.depth = groups_[parent].depth + 1;
  made.cpus.resize(cpus_.size());
  for (GroupCpu& each : made.cpus) {
    each.entity.owner = index;
    each.entity.is_group = true;
    each.entity.slice_ns = slice_ns_;
  }
  return index;
}

// A group lives as long as a task or a child group does.
void Eevdf::join_group(TaskState& each, std::uint32_t group) {
  if (group == each.group) {
    return;
  }
  for (std::uint32_t up = group; up != kRootGroup && groups_[up].users++ == 0;) {
    up = groups_[up].parent;
  }
  drop_group(each.group);
  each.group = group;
}

void Eevdf::drop_group(std::uint32_t group) {
  while (group != kRootGroup && --groups_[group].users == 0) {
    groups_[group].cgroup_id = 0;
    group = groups_[group].parent;
  }
}

// Of an entity of `group`'s queue.
void Eevdf::reweight(std::uint32_t group, std::uint32_t cpu, Entity& entity, std::int64_t weight) {
  if (entity.on_rq) {
    groups_[group].load += weight - entity.weight;
  }
  queue(group, cpu).reweight(entity, weight);
}

// update_cfs_group(), of the group and of those above.
void Eevdf::update_shares(std::uint32_t cpu, std::uint32_t index) {
  while (index != kRootGroup) {
    Group& group = groups_[index];
    GroupCpu& part = group.cpus[cpu];
    const std::int64_t load = part.queue.load();
    if (load != 0 && group.load != 0) {
      const std::int64_t weight =
          std::clamp(group.shares * load / std::max(group.load, load), kMinShares, group.shares);
      reweight(group.parent, cpu, part.entity, weight);
    }
    index = group.parent;
  }
}

// enqueue_task_fair(): the task's entity, then those of its groups as far as they are off.
void Eevdf::enqueue_on_groups(TaskState& each, bool initial) {
  Entity* entity = &each.entity;
  std::uint32_t index = each.group;
  for (;;) {
    Group& group = groups_[index];
    GroupCpu& part = group.cpus[each.cpu];
    part.queue.enqueue(*entity, initial);
    group.load += entity->weight;
    if (index == kRootGroup || part.entity.on_rq) {
      break;
    }
    const std::int64_t load = part.queue.load();
    reweight(
        group.parent, each.cpu, part.entity,
        std::clamp(group.shares * load / std::max(group.load, load), kMinShares, group.shares));
    entity = &part.entity;
    initial = false;
    index = group.parent;
  }
  update_shares(each.cpu, each.group);
}

// dequeue_task_fair(): a group leaves with its last entity.
void Eevdf::dequeue_from_groups(TaskState& each, bool sleep) {
  Entity* entity = &each.entity;
  std::uint32_t index = each.group;
  for (;;) {
    Group& group = groups_[index];
    GroupCpu& part = group.cpus[each.cpu];
    part.queue.dequeue(*entity, sleep);
    group.load -= entity->weight;
    if (index == kRootGroup || part.queue.size() > 0) {
      break;
    }
    entity = &part.entity;
    index = group.parent;
    sleep = true; // as dequeue_entities() has it for every parent
  }
  update_shares(each.cpu, index);
}

} // namespace schedrig::eevdf
