// SPDX-License-Identifier: MIT
// CgroupTree: the run's managed parent in the machine's cgroup v2 hierarchy and what can be done
// to cgroups below it, as file operations with errors that name the file (kernel semantics:
// Documentation/admin-guide/cgroup-v2.rst). Knows nothing of books or scenarios. Thread: host.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/ops.hpp>
#include <schedrig/result.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

class CgroupTree {
 public:
  explicit CgroupTree(Session& session) : session_(session) {}

  // Makes the managed parent and enables in it every controller that the scenario may need and the
  // machine has. Once, before anything else.
  Result<> set_up();
  // Removes the managed parent, which must be empty.
  Result<> tear_down();

  // cgroup's directory or a file in it.
  [[nodiscard]] std::string path(std::string_view cgroup, std::string_view file = {}) const;

  Result<> create(std::string_view cgroup);
  Result<> apply_knobs(const CgroupDef& def);
  // cpuset.cpus as written; empty: no limit of its own.
  Result<> set_cpus(std::string_view cgroup, std::span<const std::uint32_t> cpus);
  [[nodiscard]] Result<std::vector<std::uint32_t>> read_cpus(std::string_view cgroup);
  Result<> set_frozen(std::string_view cgroup, bool frozen);
  // Waits until cgroup.events says "frozen 1"; kTimeout after limit_ns names what it says instead.
  Result<> wait_frozen(std::string_view cgroup, std::int64_t limit_ns);
  Result<> move_tasks(std::string_view cgroup, std::span<const std::int32_t> pids);
  // Move every task of `from`, or the tasks `pids` of the root, to `to`; a task that has exited
  // meanwhile is no error. What a failed move has moved goes back. kTimeout: tasks of `from` fork
  // faster than they are moved for limit_ns.
  Result<> move_all(std::string_view from, std::string_view to, std::int64_t limit_ns);
  Result<> move_from_root(std::span<const std::int32_t> pids, std::string_view to);
  [[nodiscard]] Result<std::vector<std::int32_t>> read_procs(std::string_view cgroup, bool threads);
  // Moves what is left in it to the root and removes it; kTimeout if it stays busy for limit_ns.
  Result<> drain_and_remove(std::string_view cgroup, std::int64_t limit_ns);

 private:
  [[nodiscard]] Result<> require_controller(std::string_view cgroup, std::string_view file) const;
  Result<> write_knob(std::string_view cgroup, std::string_view file, const std::string& value);

  Session& session_;
  std::vector<std::string> controllers_; // enabled in the managed parent
};

} // namespace schedrig::engine
