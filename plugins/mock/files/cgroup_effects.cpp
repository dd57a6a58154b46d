// SPDX-License-Identifier: MIT
// What cgroups do to their processes: effective CPUs, scheduling group and weight, the freezer.
#include <algorithm>

#include "plugins/mock/files/cgroup_tree.hpp"

namespace schedrig::mock {

void CgroupTree::apply(std::uint32_t index) {
  visit_subtree(index, [this](std::uint32_t each) {
    Cgroup& group = groups_[each];
    if (each != 0) {
      const Cgroup& parent = groups_[group.parent];
      group.effective_cpus = parent.effective_cpus;
      group.effective_mems = parent.effective_mems;
      if (has_css(each, kCpuset)) {
        // An intersection that is empty means the parent's, also with nothing set.
        if (const CpuMask both = group.cpus & parent.effective_cpus; !both.empty()) {
          group.effective_cpus = both;
        }
        if (const CpuMask both = group.mems & parent.effective_mems; !both.empty()) {
          group.effective_mems = both;
        }
      }
    }
    for (const std::int32_t pid : std::vector(group.pids)) {
      apply_process(*processes_.find(pid));
    }
  });
}

// Cgroups with a cpu controller are task groups (sched_task_group); their parents have one too.
std::vector<SimGroup> CgroupTree::sched_groups(std::uint32_t index) const {
  std::vector<SimGroup> groups;
  for (; index != 0; index = groups_[index].parent) {
    if (has_css(index, kCpu)) {
      groups.push_back({.id = groups_[index].id, .weight = groups_[index].cpu_weight});
    }
  }
  std::ranges::reverse(groups);
  return groups;
}

void CgroupTree::apply_bandwidth(std::uint32_t index) {
  const Cgroup& group = groups_[index];
  const bool limited = group.cpu_quota_us >= 0 && has_css(index, kCpu);
  engine_.set_bandwidth(group.id, {.quota_ns = limited ? group.cpu_quota_us * 1000 : -1,
                                   .period_ns = group.cpu_period_us * 1000,
                                   .burst_ns = group.cpu_burst_us * 1000});
}

BandwidthStats CgroupTree::bandwidth_stats(std::uint32_t index) const {
  return engine_.bandwidth_stats(groups_[index].id);
}

std::uint64_t CgroupTree::processes(std::uint32_t index) const {
  std::uint64_t count = groups_[index].pids.size();
  for (const std::uint32_t child : groups_[index].children) {
    count += processes(child);
  }
  return count;
}

// pids_try_charge() and pids_event() (kernel/cgroup/pids.c): no ancestor may get above its limit.
bool CgroupTree::may_fork(std::uint32_t index) {
  for (std::uint32_t each = index; each != 0; each = groups_[each].parent) {
    const Cgroup& group = groups_[each];
    const bool limited = group.pids_max >= 0 && has_css(each, kPids);
    if (limited && processes(each) >= static_cast<std::uint64_t>(group.pids_max)) {
      for (std::uint32_t up = each; up != 0; up = groups_[up].parent) {
        ++groups_[up].pids_refused;
      }
      return false;
    }
  }
  return true;
}

bool CgroupTree::frozen_by_self_or_ancestor(std::uint32_t index) const {
  while (index != 0 && !groups_[index].freeze) {
    index = groups_[index].parent;
  }
  return index != 0;
}

void CgroupTree::apply_process(const Process& process) {
  if (process.task == kNoTask || process.zombie) {
    return;
  }
  engine_.set_cpuset(process.task, groups_[process.cgroup].effective_cpus);
  engine_.set_groups(process.task, sched_groups(process.cgroup));
  engine_.set_freeze(process.task, frozen_by_self_or_ancestor(process.cgroup));
}

void CgroupTree::set_freeze(std::uint32_t index, bool freeze) {
  groups_[index].freeze = freeze;
  visit_subtree(index, [this](std::uint32_t each) {
    for (const std::int32_t pid : std::vector(groups_[each].pids)) {
      apply_process(*processes_.find(pid));
    }
    refresh_frozen(each);
  });
}

// All tasks of the cgroup and of those below have stopped.
bool CgroupTree::subtree_frozen(std::uint32_t index) const {
  const Cgroup& group = groups_[index];
  return frozen_by_self_or_ancestor(index) &&
         std::all_of(group.pids.begin(), group.pids.end(),
                     [this](std::int32_t pid) { return processes_.find(pid)->frozen; }) &&
         std::all_of(group.children.begin(), group.children.end(),
                     [this](std::uint32_t child) { return subtree_frozen(child); });
}

// cgroup.events of the cgroup and, as the kernel propagates it, of its ancestors.
void CgroupTree::refresh_frozen(std::uint32_t index) {
  while (index != 0) {
    groups_[index].frozen = subtree_frozen(index);
    index = groups_[index].parent;
  }
}

void CgroupTree::process_added(Process& process) {
  groups_[process.cgroup].pids.push_back(process.pid);
  apply_process(process);
  refresh_frozen(process.cgroup);
}

void CgroupTree::process_died(Process& process) {
  process.zombie = true;
  Cgroup& group = groups_[process.cgroup];
  std::erase(group.pids, process.pid);
  group.reaped_exec_ns += engine_.task(process.task).sim.sum_exec_ns;
  refresh_frozen(process.cgroup);
}

void CgroupTree::process_frozen(Process& process, bool frozen) {
  process.frozen = frozen;
  refresh_frozen(process.cgroup);
}

std::int64_t CgroupTree::exec_ns(std::uint32_t index) {
  std::int64_t total = groups_[index].reaped_exec_ns;
  for (const std::int32_t pid : groups_[index].pids) {
    if (const Process* process = processes_.find(pid); process->task != kNoTask) {
      total += engine_.task(process->task).sim.sum_exec_ns;
    }
  }
  for (const std::uint32_t child : groups_[index].children) {
    total += exec_ns(child);
  }
  return total;
}

} // namespace schedrig::mock
