// SPDX-License-Identifier: MIT
// Processes: who has which pid. PID 1 is the agent, which is no task of the engine: what it does
// costs time but no CPU. Pids ascend and wrap as alloc_pid() does (kernel/pid.c, Linux 6.18).
#pragma once

#include <cstdint>
#include <map>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

// The father of all kernel threads; of its children nothing is modelled.
inline constexpr std::int32_t kKthreadd = 2;

struct Process {
  std::int32_t pid = 0;
  TaskId task = kNoTask; // kNoTask: the agent
  std::int32_t parent = 1;
  bool is_child = false; // forked by a worker; else a worker, or the agent
  std::uint32_t cgroup = 0;
  bool zombie = false;
  bool frozen = false;
  bool awaited = false; // MockMachine::run_until_dead counts its end
  bool orphan = false;  // of a group or payload of another life: PID 1 reaps it at once
};

class Processes {
 public:
  explicit Processes(std::uint32_t cpus);

  // 0 when no pid is left.
  std::int32_t allocate_pid();
  Process& add(std::int32_t pid, TaskId task, std::uint32_t cgroup);
  void remove(std::int32_t pid) { by_pid_.erase(pid); }
  [[nodiscard]] Process* find(std::int32_t pid);
  [[nodiscard]] const Process* find(std::int32_t pid) const;
  [[nodiscard]] const std::map<std::int32_t, Process>& all() const { return by_pid_; }

 private:
  std::map<std::int32_t, Process> by_pid_; // ordered: listings and walks are deterministic
  std::int32_t last_pid_ = kKthreadd;
  std::int32_t pid_max_;
};

} // namespace schedrig::mock
