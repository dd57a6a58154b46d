// SPDX-License-Identifier: MIT
// What a task does when it runs, seen from the engine: one action after the other. The engine
// knows no work types; work/ knows no CPUs.
#pragma once

#include <cstdint>

#include <schedrig/scheduler_exit.hpp>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

enum class ActionKind : std::uint8_t {
  kCompute,   // ns of CPU time in units of work
  kOverhead,  // ns of CPU time that is not work
  kSleep,     // ns from now
  kReadToken, // one byte from its pipe; sleeps until there is one
  kSendToken, // one byte to target, waking it in this task's context
  kYield,     // sched_yield(2)
  kExit,
};

struct Action {
  ActionKind kind = ActionKind::kExit;
  std::uint8_t exit_code = 0; // of kExit: the argument of exit(3)
  Nanos ns = 0;
  TaskId target = kNoTask;
};

class Behaviour {
 public:
  // Called when the task, running, has finished its previous action. With task.stop set the
  // answer is kExit.
  virtual Action next_action(TaskId id, const Task& task) noexcept = 0;

 protected:
  ~Behaviour() = default;
};

// Told by the engine, from inside run_until and the calls that change tasks.
class EngineListener {
 public:
  // The policy was ejected, or ended itself; the fallback runs.
  virtual void on_scheduler_exit(const SchedulerExit& exit) noexcept = 0;
  virtual void on_task_frozen(TaskId id, bool frozen) noexcept = 0;
  // A zombie now; the slot is kept until Engine::reap.
  virtual void on_task_dead(TaskId id) noexcept = 0;

 protected:
  ~EngineListener() = default;
};

} // namespace schedrig::mock
