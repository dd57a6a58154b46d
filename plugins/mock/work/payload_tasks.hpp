// SPDX-License-Identifier: MIT
// PayloadTasks: what the tasks of payloads do, as actions for the engine. TaskBehaviour asks it or
// Workers, whoever a task belongs to.
#pragma once

#include <cstdint>
#include <map>

#include "plugins/mock/sim/behaviour.hpp"
#include "plugins/mock/work/programs.hpp"
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// execve(2), the dynamic linker and libc's start of a small program: some hundreds of microseconds
// on a current server.
inline constexpr Nanos kExecNs = 400'000;

// Values only: a copy goes with a copy of the engine's state.
class PayloadTasks final : public Behaviour {
 public:
  // Before the task's first action; until remove().
  void add(TaskId id, const Execution& execution);
  void remove(TaskId id) { running_.erase(id); }
  [[nodiscard]] bool owns(TaskId id) const { return !running_.empty() && running_.contains(id); }

  Action next_action(TaskId id, const Task& task, Nanos now) noexcept override;

 private:
  enum class Phase : std::uint8_t { kExec, kRun, kSleep };
  struct Running {
    Nanos runs_ns = 0;
    Nanos sleeps_ns = 0;
    std::uint32_t cycles = 1; // left
    std::uint8_t exit_code = 0;
    Phase next = Phase::kExec;
  };

  std::map<TaskId, Running> running_;
};

class TaskBehaviour final : public Behaviour {
 public:
  TaskBehaviour(Workers& workers, PayloadTasks& payloads)
      : workers_(workers), payloads_(payloads) {}

  Action next_action(TaskId id, const Task& task, Nanos now) noexcept override {
    return payloads_.owns(id) ? payloads_.next_action(id, task, now)
                              : workers_.next_action(id, task, now);
  }

 private:
  Workers& workers_;
  PayloadTasks& payloads_;
};

} // namespace schedrig::mock
