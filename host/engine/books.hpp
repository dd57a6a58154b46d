// SPDX-License-Identifier: MIT
// Books: what the run has made in the machine and who owns it. Every cgroup and worker group that
// a scenario makes is here from its creation to its removal; teardown works from the books alone.
// Pure data with look-ups; thread: host.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/ops.hpp>
#include <schedrig/result.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

enum class Owner : std::uint32_t { kBackdrop = 0, kStep };

// On whose behalf something is made. `name` is a step's name, or "backdrop".
struct Scope {
  Owner owner = Owner::kStep;
  std::string name;
};

struct WorkerGroup {
  std::uint32_t facet_group = 0; // the tasks facet's handle
  std::uint32_t number = 0;      // order of spawning in the run
  WorkType type = WorkType::kSpin;
  std::int32_t nice = 0;
  Scope scope;            // who ends it
  std::string spawned_by; // Scope::name of who spawned it
  std::string cgroup;     // empty: the runner's
  std::vector<std::int32_t> pids;
  bool started = false;
  std::int64_t start_ns = 0;
  // Union of the cpusets that the group's cgroup has had since the group was spawned: workers move
  // to a new cpuset asynchronously, so CPUs of an earlier one are no excursion.
  std::vector<std::uint32_t> permitted;
  bool unrestricted = false; // there was a time without a cpuset that is not set aside
  // By worker: CPUs used before there was a cpuset; empty: there always was, or nobody can tell.
  std::vector<std::vector<std::uint32_t>> cpus_before;
  std::int64_t joined_ns = 0;   // since when it is in its cgroup
  std::vector<Interval> frozen; // in the cgroups it was in before
};

struct Cgroup {
  std::string name;
  Scope scope;
  SourcePos pos;
  std::vector<std::uint32_t> cpuset; // empty: all CPUs
  std::optional<std::int64_t> frozen_since_ns;
  std::vector<Interval> frozen; // ended intervals
};

class Books {
 public:
  [[nodiscard]] Cgroup* find(std::string_view name);
  // The cgroup, or kNotFound with the nearest name or the list.
  [[nodiscard]] Result<Cgroup*> require(std::string_view name);
  // kAlreadyExists names where the other one was declared. Pointers stay valid until remove().
  [[nodiscard]] Result<Cgroup*> add(Cgroup cgroup);
  void remove(std::string_view name);

  // From now on the cgroup is limited to `cpus` (empty: not limited), and so are its groups.
  void set_cpuset(Cgroup& cgroup, const std::vector<std::uint32_t>& cpus);

  // Pointers stay valid until remove_group().
  WorkerGroup& add_group(WorkerGroup group);
  // From now_ns on the group is in `to`.
  void move_group(WorkerGroup& group, const Cgroup& to, std::int64_t now_ns);
  // When the group was frozen, up to now_ns: in order, in each cgroup while it was there.
  [[nodiscard]] std::vector<Interval> frozen_times(const WorkerGroup& group, std::int64_t now_ns);
  void remove_group(const WorkerGroup& group);

  [[nodiscard]] std::list<Cgroup>& cgroups() { return cgroups_; } // in order of creation
  [[nodiscard]] std::list<WorkerGroup>& groups() { return groups_; }

 private:
  std::list<Cgroup> cgroups_;
  std::list<WorkerGroup> groups_;
};

} // namespace schedrig::engine
