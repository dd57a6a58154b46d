// SPDX-License-Identifier: MIT
// EngineState: all that changes while the simulated machine runs, as values: no part points at
// another one, so a copy of it is a copy of the machine. What is not in it is the engine's own: the
// policy, which a plugin made, and whom the engine tells. Thread: one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/prng.hpp>
#include <schedrig/sim_policy.hpp>

#include "plugins/mock/sim/bandwidth.hpp"
#include "plugins/mock/sim/costs.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"
#include "plugins/mock/sim/cpu_standstill.hpp"
#include "plugins/mock/sim/dsq.hpp"
#include "plugins/mock/sim/event_queue.hpp"
#include "plugins/mock/sim/task.hpp"
#include "plugins/mock/sim/task_table.hpp"

namespace schedrig::mock {

struct EngineStats {
  std::uint64_t events = 0;
  std::uint64_t context_switches = 0;
  std::uint64_t wakeups = 0;
  std::uint64_t migrations = 0;
  std::uint64_t ticks = 0;
  std::uint64_t dispatch_ignored = 0; // inserts of tasks that the policy did not own
  std::uint64_t select_cpu_fallback = 0;
  std::uint64_t ejections = 0;
  std::uint64_t policy_enqueues = 0; // tasks given to the policy
  std::uint64_t policy_inserts = 0;  // tasks that it has put into a DSQ
  std::uint64_t dispatch_keep_last = 0;
  std::uint64_t refill_slice_default = 0;
  // What workers did.
  std::uint64_t yields = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t tokens = 0;       // sent by a task to another
  std::uint64_t sync_wakeups = 0; // by a waker that is about to sleep (WF_SYNC)
  std::uint64_t waits = 0;        // for a token that was not there
  std::uint64_t forks = 0;        // asked for by a running task
  std::uint64_t nice_changes = 0;
  std::uint64_t affinity_changes = 0;
  std::uint64_t policy_changes = 0;
  std::uint64_t cache_lines_refilled = 0;
};

class EngineState {
 protected:
  explicit EngineState(std::uint64_t seed);

  // How the attached policy ends; without a task when it is about none.
  struct PolicyExit {
    std::int64_t kind = 0;
    std::int64_t code = 0;
    std::string message;
    std::string help;
    std::string comm;
    std::int32_t pid = 0;
    Nanos runnable_since = -1;
  };

  // Which callback is running: what it may call depends on it.
  enum class Where : std::uint8_t { kNone, kSelectCpu, kEnqueue, kDispatch, kTimer, kInit, kOther };
  struct Context {
    Where where = Where::kNone;
    TaskId task = kNoTask; // select_cpu, enqueue: the only task that may be inserted
    CpuId cpu = kNoCpu;    // dispatch
  };
  struct BufferedInsert {
    TaskId task = kNoTask;
    std::uint64_t dsq = 0;
    std::uint64_t flags = 0;
    std::uint64_t vtime = 0;
    bool priq = false;
  };

  Nanos now_ = 0;
  EventQueue events_;
  std::vector<Cpu> cpus_;
  TaskTable tasks_;
  std::vector<TaskId> free_tasks_;
  CpuMask idle_;                      // scx idle_masks.cpu: idle and not claimed
  CpuId last_any_ = 0;                // cpumask_any_and_distribute(): where the last search ended
  CpuId context_cpu_ = kNoCpu;        // CPU whose event is handled; none: the host calls
  CpuMask ticking_;                   // CPUs that want the next tick
  std::vector<Bandwidth> bandwidths_; // cgroups that have or had a limit

  std::vector<CpuStandstill> standstills_; // by CPU
  std::uint32_t standing_ = 0;             // how many stand still
  std::vector<SharedCpu> shared_;          // physical CPUs that were ever pinned to
  std::vector<SimEvent> held_events_;      // of CPUs that stand still

  std::vector<Dsq> dsqs_; // local ones by CPU, then the nodes' global ones, then the policy's
  std::vector<std::pair<std::uint64_t, std::uint32_t>> user_dsqs_; // sorted by id
  std::vector<BufferedInsert> inserts_;
  std::uint32_t first_user_dsq_ = 0;
  std::uint32_t dispatched_ = 0; // by the current dispatch callback
  Context context_;

  std::string policy_name_;
  SimOps ops_;
  Nanos policy_timer_at_ = kNever;
  std::uint32_t policy_generation_ = 0;
  std::uint32_t policy_timer_generation_ = 0;
  bool in_event_ = false;
  bool tick_armed_ = false;
  bool enforce_bandwidth_ = true;
  bool failed_ = false;         // a rule was broken: no callback any more, ejected after the event
  PolicyExit exit_;             // how, when failed_
  std::deque<std::string> log_; // last lines that the policy printed

  Prng timer_slack_;
  Prng wakeup_sample_;
  EngineStats stats_;
};

} // namespace schedrig::mock
