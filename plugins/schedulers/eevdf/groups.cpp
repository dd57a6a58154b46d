// SPDX-License-Identifier: MIT
// Task groups of Eevdf: a group takes part in each CPU's root queue with the share of its
// cpu.weight that its tasks on that CPU make up (calc_group_shares(), kernel/sched/fair.c).
#include <algorithm>

#include "plugins/schedulers/eevdf/policy.hpp"

namespace schedrig::eevdf {
namespace {

constexpr std::uint64_t kRootCgroupId = 1; // cgroup_id() of the root cgroup
constexpr std::int64_t kMinShares = 2;     // MIN_SHARES

} // namespace

std::uint32_t Eevdf::group_of(const SimTask& task) {
  if (task.cgroup_id == kRootCgroupId) {
    return kRootGroup;
  }
  // sched_weight_from_cgroup(): 100 is a nice-0 task's weight.
  const std::int64_t shares = static_cast<std::int64_t>(task.cgroup_weight) * kNice0Weight / 100;
  std::uint32_t index = 1;
  while (index < groups_.size() && groups_[index].cgroup_id != task.cgroup_id) {
    ++index;
  }
  if (index == groups_.size()) {
    Group& made = groups_.emplace_back();
    made.cgroup_id = task.cgroup_id;
    made.cpus.resize(cpus_.size());
    for (GroupCpu& each : made.cpus) {
      each.entity.owner = index;
      each.entity.is_group = true;
      each.entity.slice_ns = slice_ns_;
    }
  }
  groups_[index].shares = std::max(shares, kMinShares);
  return index;
}

// update_cfs_group().
void Eevdf::update_shares(std::uint32_t cpu, std::uint32_t index) {
  if (index == kRootGroup) {
    return;
  }
  Group& group = groups_[index];
  GroupCpu& part = group.cpus[cpu];
  const std::int64_t load = part.queue.load();
  if (load == 0 || group.load == 0) {
    return;
  }
  const std::int64_t weight =
      std::clamp(group.shares * load / std::max(group.load, load), kMinShares, group.shares);
  cpus_[cpu].root.reweight(part.entity, weight);
}

// After the task's entity went onto its group's queue: the group's entity follows if it is off.
void Eevdf::join_group(TaskState& each) {
  if (each.group == kRootGroup) {
    return;
  }
  Group& group = groups_[each.group];
  group.load += each.entity.weight;
  update_shares(each.cpu, each.group);
  GroupCpu& part = group.cpus[each.cpu];
  if (!part.entity.on_rq) {
    cpus_[each.cpu].root.enqueue(part.entity, false);
  }
}

// After the task's entity left its group's queue.
void Eevdf::leave_group(TaskState& each) {
  if (each.group == kRootGroup) {
    return;
  }
  Group& group = groups_[each.group];
  group.load -= each.entity.weight;
  GroupCpu& part = group.cpus[each.cpu];
  if (part.queue.size() == 0) {
    if (part.entity.on_rq) {
      cpus_[each.cpu].root.dequeue(part.entity);
    }
    return;
  }
  update_shares(each.cpu, each.group);
}

} // namespace schedrig::eevdf
