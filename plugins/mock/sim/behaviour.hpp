// SPDX-License-Identifier: MIT
// What a task does when it runs, seen from the engine: one action after the other. The engine
// knows no work types; work/ knows no CPUs.
#pragma once

#include <cstdint>

#include <schedrig/scheduler_exit.hpp>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

enum class ActionKind : std::uint8_t {
  kCompute,     // ns of CPU time in units of work
  kOverhead,    // ns of CPU time that is not work
  kSleep,       // ns from now; `precise`: without timer slack
  kWait,        // for a token; sleeps until there is one
  kWake,        // a token to target, waking it in this task's context; `sync`: WF_SYNC
  kYield,       // sched_yield(2)
  kFork,        // EngineListener::on_fork
  kReap,        // EngineListener::on_reap
  kSetNice,     // value: setpriority(2)
  kSetAffinity, // target: the one CPU; sched_setaffinity(2)
  kSetPolicy,   // value: SCHED_*; sched_setscheduler(2)
  kExit,        // value: the argument of exit(3)
};

struct Action {
  ActionKind kind = ActionKind::kExit;
  bool sync = false;
  bool precise = false;
  std::int32_t value = 0;
  Nanos ns = 0;
  std::uint32_t target = kNoTask;
};

class Behaviour {
 public:
  // Called when the task, running, has finished its previous action. With task.stop set the
  // answer is kExit.
  virtual Action next_action(TaskId id, const Task& task, Nanos now) noexcept = 0;

 protected:
  ~Behaviour() = default;
};

// Told by the engine, from inside run_until and the calls that change tasks.
class EngineListener {
 public:
  // The policy was ejected, or ended itself; the fallback runs.
  virtual void on_scheduler_exit(const SchedulerExit& exit) noexcept = 0;
  // The kernel ejects the policy: nothing has been taken from it yet. No call may change the
  // machine.
  virtual void on_ejecting(std::int64_t /*exit_kind*/) noexcept {}
  virtual void on_task_frozen(TaskId id, bool frozen) noexcept = 0;
  // A zombie now; the slot is kept until Engine::reap.
  virtual void on_task_dead(TaskId id) noexcept = 0;
  // fork(2) of a running task: the listener makes the child with Engine::create_task, or does not.
  virtual void on_fork(TaskId parent) noexcept = 0;
  // waitpid(2) of a running task whose child is dead.
  virtual void on_reap(TaskId parent) noexcept = 0;
  // Where Engine::tell_events asks for it: an event and all that it led to at once are over.
  virtual void on_event_done() noexcept {}

 protected:
  ~EngineListener() = default;
};

} // namespace schedrig::mock
