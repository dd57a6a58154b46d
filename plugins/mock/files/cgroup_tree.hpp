// SPDX-License-Identifier: MIT
// CgroupTree: the cgroup v2 hierarchy and its rules (kernel/cgroup/cgroup.c, cpuset.c, freezer.c
// of Linux 6.18): who may hold processes, which controllers are on, effective cpusets, freezing.
// Pushes what tasks feel of it into the engine. Knows no file names: cgroup_files does.
//
// Errors: positive errno values, 0 is success. Cgroups are found by index; 0 is the root; an index
// is reused after removal, the id never is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/mock/files/processes.hpp"
#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

// Bits of a set of controllers, in the kernel's order.
enum Controller : std::uint32_t {
  kCpuset = 1U << 0U,
  kCpu = 1U << 1U,
  kIo = 1U << 2U,
  kMemory = 1U << 3U,
  kPids = 1U << 4U,
};
inline constexpr std::uint32_t kAllControllers = kCpuset | kCpu | kIo | kMemory | kPids;
// cgrp_dfl_threaded_ss_mask: those that work within a process too.
inline constexpr std::uint32_t kThreadedControllers = kCpuset | kCpu | kPids;
[[nodiscard]] std::string_view controller_name(std::uint32_t bit);

struct Cgroup {
  std::uint64_t id = 0;
  std::string name;
  std::uint32_t parent = 0;
  std::vector<std::uint32_t> children; // sorted by name
  bool live = false;
  bool threaded = false;
  bool freeze = false; // cgroup.freeze as written
  bool frozen = false; // cgroup.events
  std::uint32_t subtree_control = 0;
  std::vector<std::int32_t> pids; // in order of arrival; no zombies

  CpuMask cpus;           // cpuset.cpus as written; empty: not set
  CpuMask effective_cpus; // of the nearest cgroup with a cpuset
  CpuMask mems;           // bits are NUMA nodes
  CpuMask effective_mems;
  std::uint32_t cpu_weight = 100;
  std::int64_t cpu_quota_us = -1; // cpu.max: -1 is "max"
  std::int64_t cpu_period_us = 100'000;
  std::int64_t cpu_burst_us = 0; // cpu.max.burst
  std::uint64_t memory_max_pages = 0;
  std::uint64_t memory_high_pages = 0;
  std::uint32_t io_weight = 100;
  std::int64_t pids_max = -1;      // -1 is "max"
  std::uint64_t pids_refused = 0;  // forks, by its own pids.max and those below: pids.events
  std::int64_t reaped_exec_ns = 0; // CPU time of tasks that ended here
};

// All of the hierarchy that changes, as values: a copy of it is a copy of the hierarchy.
class CgroupState {
 protected:
  std::vector<Cgroup> groups_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_id_ = 1; // ids ascend as kernfs's inode numbers do
};

class CgroupTree : private CgroupState {
 public:
  CgroupTree(Engine& engine, Processes& processes, std::uint32_t nodes);

  // Goes together with the state of the engine and the processes.
  [[nodiscard]] const CgroupState& state() const { return *this; }
  void restore(const CgroupState& state) { static_cast<CgroupState&>(*this) = state; }

  [[nodiscard]] const Cgroup& at(std::uint32_t index) const { return groups_[index]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(groups_.size()); }
  [[nodiscard]] Cgroup& knobs(std::uint32_t index) { return groups_[index]; }
  // The child with this name, or kNone.
  static constexpr std::uint32_t kNone = ~0U;
  [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::string_view name) const;
  [[nodiscard]] std::uint32_t controllers(std::uint32_t index) const; // cgroup.controllers
  [[nodiscard]] bool populated(std::uint32_t index) const;
  [[nodiscard]] std::string path(std::uint32_t index) const;      // as in /proc/PID/cgroup
  [[nodiscard]] std::string_view type(std::uint32_t index) const; // cgroup.type
  [[nodiscard]] std::uint32_t nodes() const { return nodes_; }
  [[nodiscard]] std::int64_t exec_ns(std::uint32_t index);
  [[nodiscard]] std::uint64_t processes(std::uint32_t index) const; // in it and below
  [[nodiscard]] BandwidthStats bandwidth_stats(std::uint32_t index) const;
  // Whether a process of the cgroup may fork; pids.events counts what is refused.
  bool may_fork(std::uint32_t index);
  // After cpu.max or cpu.max.burst of `index` have changed.
  void apply_bandwidth(std::uint32_t index);

  int mkdir(std::uint32_t parent, std::string_view name);
  int rmdir(std::uint32_t index);
  int attach(std::uint32_t index, std::int32_t pid, bool whole_process);
  int set_subtree_control(std::uint32_t index, std::uint32_t enable, std::uint32_t disable);
  int enable_threaded(std::uint32_t index);
  void set_freeze(std::uint32_t index, bool freeze);
  int kill(std::uint32_t index);
  // After cpuset.cpus, cpuset.mems or cpu.weight of `index` have changed.
  void apply(std::uint32_t index);

  // The engine's news.
  void process_added(Process& process);
  void process_died(Process& process);
  void process_frozen(Process& process, bool frozen);

  // What a task of cgroup `index` is to be told.
  [[nodiscard]] std::vector<SimGroup> sched_groups(std::uint32_t index) const;

 private:
  [[nodiscard]] bool has_css(std::uint32_t index, std::uint32_t controller) const;
  [[nodiscard]] bool frozen_by_self_or_ancestor(std::uint32_t index) const;
  [[nodiscard]] std::uint32_t domain_of(std::uint32_t index) const;
  [[nodiscard]] bool is_valid_domain(std::uint32_t domain) const;
  [[nodiscard]] bool is_thread_root(std::uint32_t index) const;
  [[nodiscard]] bool can_be_thread_root(std::uint32_t index) const;
  void apply_process(const Process& process);
  void refresh_frozen(std::uint32_t index);
  bool subtree_frozen(std::uint32_t index) const;
  template <class Visit> void visit_subtree(std::uint32_t index, Visit&& visit);

  Engine& engine_;
  Processes& processes_;
  std::uint32_t nodes_;
};

template <class Visit> void CgroupTree::visit_subtree(std::uint32_t index, Visit&& visit) {
  visit(index);
  for (const std::uint32_t child : std::vector(groups_[index].children)) {
    visit_subtree(child, visit);
  }
}

} // namespace schedrig::mock
