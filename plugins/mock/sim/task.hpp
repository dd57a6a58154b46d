// SPDX-License-Identifier: MIT
// Task and Cpu: the state of the simulated machine, as plain structs with dense indices, so that
// they can be laid out as memory later. Owned by Engine; nothing here has behaviour.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <schedrig/sim_policy.hpp>
#include <schedrig/tasks.hpp>

#include "plugins/mock/sim/costs.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock {

using TaskId = std::uint32_t;
inline constexpr TaskId kNoTask = ~0U;
inline constexpr Nanos kNever = INT64_MAX / 2;
inline constexpr std::uint64_t kDsqInvalid = 1ULL << 63U; // SCX_DSQ_INVALID
inline constexpr std::uint32_t kNoDsq = ~0U;

enum class TaskState : std::uint8_t {
  kFree,
  kNew,
  kSleeping,
  kRunnable,
  kRunning,
  kFrozen,
  kThrottled,
  kDead
};

// Who holds a runnable task that does not run (ops_state and scx.dsq of the kernel).
enum class Holder : std::uint8_t { kNone, kPolicy, kDsq };

// What a sleeping task waits for; kept over a freeze, as restarted system calls are.
enum class Wait : std::uint8_t { kNone, kToken, kTimer };

// Members in the order of use: what every wake-up and switch touches comes first.
struct Task {
  SimTask sim; // what policies see

  TaskState state = TaskState::kFree;
  Holder holder = Holder::kNone;
  Wait wait = Wait::kNone;
  bool stop = false;    // asked to end after its unit of work
  bool kill = false;    // SIGKILL is pending
  bool freeze = false;  // JOBCTL_TRAP_FREEZE: enters the freezer when it next runs
  bool started = false; // past its start token: gaps count from here
  bool working = false; // the current action is work, not overhead
  bool in_vtime_order = false;
  bool ddsp_priq = false;

  // Links within the DSQ that holds it.
  std::uint32_t dsq = kNoDsq;
  TaskId next = kNoTask;
  TaskId prev = kNoTask;

  Nanos left = 0;        // CPU time until the next action
  Nanos progress = 0;    // CPU time spent on work units, without overheads
  Nanos runnable_at = 0; // for the watchdog
  Nanos queued_at = 0;   // for the run delay
  Nanos run_delay = 0;
  Nanos gap_from = kNever; // since when it could work but did not
  Nanos woken_at = kNever; // its last wake-up, until it runs
  std::uint64_t wakeups = 0;
  std::uint64_t migrations = 0;
  std::uint64_t switches_voluntary = 0;
  std::uint64_t switches_involuntary = 0;
  std::uint64_t cache_lines_refilled = 0;
  std::uint32_t working_set_lines = 0; // of its CPU's private cache; 0: nothing worth a count
  CpuId last_cpu = kNoCpu;             // where it ran last
  std::uint32_t nr_allowed = 0;
  std::vector<std::uint32_t> limits; // bandwidths of its groups
  std::uint32_t timer_generation = 0;
  std::uint32_t tokens = 0; // bytes that wait for it in its pipe
  std::uint32_t gap_count = 0;
  Nanos wait_until = 0;

  // A pending direct dispatch from select_cpu or enqueue.
  std::uint64_t ddsp_dsq = kDsqInvalid;
  std::uint64_t ddsp_flags = 0;
  std::uint64_t ddsp_vtime = 0;

  CpuMask allowed; // own mask within the cpuset: what sim.cpus_allowed shows
  CpuMask cpus_used;

  std::array<Gap, kGapsPerWorker> gaps{};   // longest first
  std::vector<std::int64_t> wake_latencies; // a uniform sample
  std::vector<SimGroup> groups;             // what sim.groups shows
  CpuMask own;                              // sched_setaffinity(2)
  CpuMask cpuset;                           // cpuset.cpus.effective of its cgroup
  Nanos created_at = 0;
  Nanos started_at = 0;
  Nanos exec_at_start = 0; // what was spent before is not the work's
  Nanos ended_at = 0;
  std::int32_t wait_status = 0;
  std::array<char, 16> comm{};
};

struct Cpu {
  CpuPlace place;
  TaskId curr = kNoTask;      // kNoTask: the idle task
  TaskId last_task = kNoTask; // whose working set is in its caches
  Nanos exec_start = 0;       // up to here curr has been charged
  Nanos work_start = 0;       // from here on curr makes progress (overheads are before it)
  Nanos switch_end = 0;       // until here interrupts are off: a context switch is under way
  std::uint64_t switches = 0; // of what it runs, the idle task included
  Nanos progress_at = 0;      // when it last did something for a task, or was idle
  std::uint32_t step_generation = 0;
  bool need_resched = false;
  bool resched_sent = false;  // an interrupt is on its way
  bool preempt = false;       // kicked with SCX_KICK_PREEMPT: the slice ends when it arrives
  bool idle_reported = false; // what update_idle last said
  Nanos idle_since = 0;
  Nanos idle_total = 0;
  Nanos callback_ns = 0;    // that callbacks have taken on it since the last event
  Nanos callback_until = 0; // until here it is in them
};

} // namespace schedrig::mock
