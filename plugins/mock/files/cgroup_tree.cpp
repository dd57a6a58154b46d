// SPDX-License-Identifier: MIT
#include "plugins/mock/files/cgroup_tree.hpp"

#include <algorithm>
#include <cerrno>

namespace schedrig::mock {

std::string_view controller_name(std::uint32_t bit) {
  switch (bit) {
  case kCpuset:
    return "cpuset";
  case kCpu:
    return "cpu";
  case kIo:
    return "io";
  case kMemory:
    return "memory";
  default:
    return "pids";
  }
}

CgroupTree::CgroupTree(Engine& engine, Processes& processes, std::uint32_t nodes)
    : engine_(engine), processes_(processes), nodes_(nodes) {
  Cgroup& root = groups_.emplace_back();
  root.id = next_id_++;
  root.live = true;
  root.cpus = root.effective_cpus = CpuMask::first_n(engine.cpus());
  root.mems = root.effective_mems = CpuMask::first_n(nodes);
  root.pids.push_back(1);
}

std::uint32_t CgroupTree::child(std::uint32_t parent, std::string_view name) const {
  for (const std::uint32_t index : groups_[parent].children) {
    if (groups_[index].name == name) {
      return index;
    }
  }
  return kNone;
}

// cgroup_control(): what the parent hands down; threaded cgroups see threaded controllers only.
std::uint32_t CgroupTree::controllers(std::uint32_t index) const {
  if (index == 0) {
    return kAllControllers;
  }
  const Cgroup& group = groups_[index];
  const std::uint32_t mask = groups_[group.parent].subtree_control;
  return group.threaded ? mask & kThreadedControllers : mask;
}

bool CgroupTree::has_css(std::uint32_t index, std::uint32_t controller) const {
  return (controllers(index) & controller) != 0;
}

bool CgroupTree::populated(std::uint32_t index) const {
  const Cgroup& group = groups_[index];
  return !group.pids.empty() ||
         std::any_of(group.children.begin(), group.children.end(),
                     [this](std::uint32_t child) { return populated(child); });
}

std::string CgroupTree::path(std::uint32_t index) const {
  if (index == 0) {
    return "/";
  }
  const Cgroup& group = groups_[index];
  return (group.parent == 0 ? "" : path(group.parent)) + "/" + group.name;
}

// dom_cgrp: of a threaded cgroup the nearest ancestor that is not threaded.
std::uint32_t CgroupTree::domain_of(std::uint32_t index) const {
  while (groups_[index].threaded) {
    index = groups_[index].parent;
  }
  return index;
}

// cgroup_is_valid_domain(): no ancestor below the root is threaded or the root of a threaded
// subtree. The root can be both (cgroup_is_mixable()).
bool CgroupTree::is_valid_domain(std::uint32_t domain) const {
  for (std::uint32_t at = domain; at != 0;) {
    at = groups_[at].parent;
    if (at == 0) {
      return true;
    }
    if (groups_[at].threaded || is_thread_root(at)) {
      return false;
    }
  }
  return true;
}

bool CgroupTree::is_thread_root(std::uint32_t index) const {
  const Cgroup& group = groups_[index];
  if (group.threaded) {
    return false;
  }
  if (std::any_of(group.children.begin(), group.children.end(),
                  [this](std::uint32_t child) { return groups_[child].threaded; })) {
    return true;
  }
  // A domain with processes and threaded controllers in use is one implicitly.
  return !group.pids.empty() && (group.subtree_control & kThreadedControllers) != 0;
}

bool CgroupTree::can_be_thread_root(std::uint32_t index) const {
  if (index == 0) {
    return true;
  }
  const Cgroup& group = groups_[index];
  if (group.threaded) {
    return false;
  }
  const bool populated_domain_child =
      std::any_of(group.children.begin(), group.children.end(), [this](std::uint32_t child) {
        return !groups_[child].threaded && populated(child);
      });
  return !populated_domain_child && (group.subtree_control & ~kThreadedControllers) == 0;
}

std::string_view CgroupTree::type(std::uint32_t index) const {
  if (groups_[index].threaded) {
    return "threaded";
  }
  if (!is_valid_domain(index)) {
    return "domain invalid";
  }
  return is_thread_root(index) ? "domain threaded" : "domain";
}

int CgroupTree::mkdir(std::uint32_t parent, std::string_view name) {
  if (name.find('\n') != std::string_view::npos) {
    return EINVAL;
  }
  std::uint32_t index = static_cast<std::uint32_t>(groups_.size());
  if (free_.empty()) {
    groups_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
    groups_[index] = Cgroup{};
  }
  Cgroup& group = groups_[index];
  group.id = next_id_++;
  group.name = name;
  group.parent = parent;
  group.live = true;
  group.memory_max_pages = group.memory_high_pages = INT64_MAX / 4096;
  auto& siblings = groups_[parent].children;
  siblings.insert(std::lower_bound(siblings.begin(), siblings.end(), name,
                                   [this](std::uint32_t at, std::string_view wanted) {
                                     return groups_[at].name < wanted;
                                   }),
                  index);
  apply(index);
  refresh_frozen(index);
  return 0;
}

int CgroupTree::rmdir(std::uint32_t index) {
  Cgroup& group = groups_[index];
  if (populated(index) || !group.children.empty()) {
    return EBUSY;
  }
  const std::uint32_t parent = group.parent;
  std::erase(groups_[parent].children, index);
  groups_[parent].reaped_exec_ns += group.reaped_exec_ns; // cpu.stat of ancestors keeps it
  group.live = false;
  engine_.forget_bandwidth(group.id);
  free_.push_back(index);
  refresh_frozen(parent);
  return 0;
}

// cgroup_attach_permissions() and cgroup_migrate().
int CgroupTree::attach(std::uint32_t index, std::int32_t pid, bool whole_process) {
  if (pid == kKthreadd) {
    return EINVAL; // cgroup_procs_write_start(): kernel threads stay where they are
  }
  Process* const process = processes_.find(pid);
  if (process == nullptr || process->zombie) {
    return ESRCH;
  }
  // cgroup_migrate_vet_dst()
  if (!is_valid_domain(domain_of(index))) {
    return EOPNOTSUPP;
  }
  if (!can_be_thread_root(index) && !groups_[index].threaded &&
      groups_[index].subtree_control != 0) {
    return EBUSY;
  }
  if (!whole_process && domain_of(process->cgroup) != domain_of(index)) {
    return EOPNOTSUPP;
  }
  const std::uint32_t from = process->cgroup;
  if (from == index) {
    return 0;
  }
  std::erase(groups_[from].pids, pid);
  groups_[index].pids.push_back(pid);
  process->cgroup = index;
  apply_process(*process);
  refresh_frozen(from);
  refresh_frozen(index);
  return 0;
}

int CgroupTree::set_subtree_control(std::uint32_t index, std::uint32_t enable,
                                    std::uint32_t disable) {
  Cgroup& group = groups_[index];
  enable &= ~group.subtree_control;
  disable &= group.subtree_control;
  // The kernel goes through the controllers in order; an error is that of the first.
  for (std::uint32_t bit = 1; bit <= kPids; bit <<= 1U) {
    if ((enable & bit) != 0 && (controllers(index) & bit) == 0) {
      return ENOENT;
    }
    if ((disable & bit) != 0 &&
        std::any_of(group.children.begin(), group.children.end(), [&](std::uint32_t child) {
          return (groups_[child].subtree_control & bit) != 0;
        })) {
      return EBUSY;
    }
  }
  // cgroup_vet_subtree_control_enable()
  if (enable != 0 && index != 0) {
    if (!is_valid_domain(domain_of(index))) {
      return EOPNOTSUPP;
    }
    bool competes = true;
    if ((enable & ~kThreadedControllers) != 0) {
      if (is_thread_root(index) || group.threaded) {
        return EOPNOTSUPP;
      }
    } else if (can_be_thread_root(index) || group.threaded) {
      competes = false;
    }
    if (competes && !group.pids.empty()) {
      return EBUSY;
    }
  } else if (enable != 0 && !is_valid_domain(domain_of(index))) {
    return EOPNOTSUPP;
  }
  group.subtree_control = (group.subtree_control | enable) & ~disable;
  for (const std::uint32_t child : group.children) {
    // A controller that is switched off takes its settings with it.
    Cgroup& each = groups_[child];
    const Cgroup fresh;
    if ((disable & kCpuset) != 0) {
      each.cpus = each.mems = {};
    }
    if ((disable & kCpu) != 0) {
      each.cpu_weight = fresh.cpu_weight;
      each.cpu_quota_us = fresh.cpu_quota_us;
      each.cpu_period_us = fresh.cpu_period_us;
      each.cpu_burst_us = fresh.cpu_burst_us;
      apply_bandwidth(child);
    }
    if ((disable & kMemory) != 0) {
      each.memory_max_pages = each.memory_high_pages = INT64_MAX / 4096;
    }
    if ((disable & kIo) != 0) {
      each.io_weight = fresh.io_weight;
    }
    if ((disable & kPids) != 0) {
      each.pids_max = fresh.pids_max;
      each.pids_refused = fresh.pids_refused;
    }
  }
  apply(index);
  return 0;
}

// cgroup_enable_threaded().
int CgroupTree::enable_threaded(std::uint32_t index) {
  Cgroup& group = groups_[index];
  if (group.threaded) {
    return 0;
  }
  if (populated(index) || (group.subtree_control & ~kThreadedControllers) != 0) {
    return EOPNOTSUPP;
  }
  const std::uint32_t parent_domain = domain_of(group.parent);
  if (!is_valid_domain(parent_domain) || !can_be_thread_root(parent_domain)) {
    return EOPNOTSUPP;
  }
  group.threaded = true;
  apply(index);
  return 0;
}

int CgroupTree::kill(std::uint32_t index) {
  if (groups_[index].threaded) {
    return EOPNOTSUPP;
  }
  visit_subtree(index, [this](std::uint32_t each) {
    for (const std::int32_t pid : std::vector(groups_[each].pids)) {
      if (const Process* process = processes_.find(pid); process->task != kNoTask) {
        engine_.kill_task(process->task);
      }
    }
  });
  return 0;
}

} // namespace schedrig::mock
