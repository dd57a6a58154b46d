// SPDX-License-Identifier: MIT
// Workers: what the tasks of a work group do, as actions for the engine. The cycles are those of
// schedrig/work.hpp; docs/reference/work.md says what each moves. Knows no scheduler; units of work
// are counted arithmetically from the CPU time that the engine granted, never by events.
//
// workers.cpp: groups and teams. check_work.cpp: what is possible. cpu_work.cpp, sequence_work.cpp,
// pair_work.cpp, team_work.cpp, memory_work.cpp, churn_work.cpp: one family of types each;
// event_work.cpp: the events of sequences that several workers share.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <schedrig/prng.hpp>
#include <schedrig/work.hpp>

#include "plugins/mock/sim/behaviour.hpp"

namespace schedrig::mock {

// Ok, or why this backend cannot run the work.
[[nodiscard]] Status check_work(const WorkSpec& spec, std::uint32_t cpus);

struct WorkStats {
  std::uint64_t lock_waits = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t forks_refused = 0;
};

// Values only: a copy goes with a copy of the engine's state.
class Workers final : public Behaviour {
 public:
  explicit Workers(std::uint64_t seed);

  // All random choices from now on.
  void reseed(std::uint64_t seed);

  // Group numbers are the caller's; an old group of the number is forgotten.
  void add_group(std::uint32_t group, const WorkSpec& spec);
  // Before the task's first action.
  void add(TaskId id, std::uint32_t group, std::uint32_t worker);
  // A child of a worker, which ends at once.
  void add_child(TaskId child, TaskId parent);
  // The task does nothing any more: what it held is free.
  void leave(TaskId id);
  [[nodiscard]] TaskId child_of(TaskId id) const { return workers_[id].child; }
  void child_ended(TaskId id) { workers_[id].child_ended = true; }
  void reaped_child(TaskId id) { workers_[id].child = kNoTask; }

  [[nodiscard]] std::uint64_t iterations(TaskId id, const Task& task) const;
  [[nodiscard]] static std::uint64_t working_set_bytes(const WorkSpec& spec);
  [[nodiscard]] const WorkStats& stats() const { return stats_; }

  Action next_action(TaskId id, const Task& task, Nanos now) noexcept override;

 private:
  // Workers that have to do with each other: a pair, a messenger and its receivers, the users of
  // one lock.
  struct Team {
    std::vector<TaskId> members;
    std::uint64_t generation = 0; // of the messenger's calls
    TaskId lock_owner = kNoTask;
    std::deque<TaskId> lock_waiters; // first come, first woken
  };
  // A mutex, a condition or a barrier of sequences; one number, one of these.
  struct Resource {
    TaskId owner = kNoTask;
    std::deque<TaskId> lockers; // first come, first woken
    std::deque<TaskId> waiters; // of a condition or a barrier
  };
  struct Group {
    WorkSpec spec;
    std::vector<WorkPhase> phases;
    std::vector<Team> teams;
    Nanos pass_ns = 0;     // one pass over the footprint
    Nanos multiply_ns = 0; // one product of matrices
  };
  struct Worker {
    std::uint32_t group = 0;
    std::uint32_t team = 0;
    std::uint32_t member = 0;   // within its team
    std::uint32_t phase = 0;    // position in the type's cycle
    std::uint32_t turn = 0;     // position within a phase, or how far through a list
    TaskId child = kNoTask;     // forked and not yet reaped
    bool child_ended = false;   // and can be reaped
    bool is_child = false;      // of a worker: ends at once
    bool waiting = false;       // for its messenger
    std::uint64_t seen = 0;     // generation of the messenger's calls
    std::uint64_t faulted = 0;  // pages, in this cycle
    Nanos phase_until = kNever; // end of the current phase of a sequence
    std::uint64_t iterations = 0;
    Nanos begun = kNever;              // its first action
    std::vector<Nanos> timers;         // of a sequence, by number: the last end
    std::vector<std::uint32_t> rounds; // of a sequence's repeats, by phase
  };

  // cpu_work.cpp
  static Action next_yield(Worker& worker, Nanos work_ns);
  static Action next_burst(Worker& worker, const WorkSpec& spec);
  Action next_io(Worker& worker, const WorkSpec& spec);
  Action write_file(std::uint64_t bytes);
  // sequence_work.cpp
  Action next_in_sequence(TaskId id, Worker& worker, const Group& group, Nanos now);
  Action next_by_clock(Worker& worker, const WorkPhase& phase, Nanos now);
  std::optional<Action> next_event(TaskId id, Worker& worker, const Group& group, Nanos now);
  static void end_phase(Worker& worker, const Group& group);
  static void repeat(Worker& worker, const Group& group);
  static Action next_timer(Worker& worker, const Group& group, Nanos now);
  // event_work.cpp
  std::optional<Action> next_shared(TaskId id, Worker& worker, const Group& group);
  Action lock(TaskId id, Worker& worker, const Group& group, std::uint32_t mutex);
  Action unlock(TaskId id, std::uint32_t mutex);
  Action wait_on(TaskId id, Worker& worker, const Group& group);
  std::optional<Action> wake_all(Worker& worker, const Group& group, std::size_t waiters);
  std::optional<Action> next_barrier(TaskId id, Worker& worker, const Group& group);
  // pair_work.cpp
  static Action next_exchange(Worker& worker, const Team& team, Nanos work_ns, bool sync);
  // team_work.cpp
  Action next_broadcast(Worker& worker, Team& team, Nanos before_ns, Nanos sleep_ns);
  static Action next_received(Worker& worker, const Team& team, Nanos work_ns);
  Action next_locked(TaskId id, Worker& worker, Team& team, const WorkSpec& spec);
  // memory_work.cpp
  Action next_faults(Worker& worker, const WorkSpec& spec);
  // churn_work.cpp
  static Action next_nice(Worker& worker, const WorkSpec& spec);
  static Action next_policy(Worker& worker, const WorkSpec& spec);
  Action next_affinity(Worker& worker, const WorkSpec& spec, const CpuMask& cpuset);
  Action next_fork(Worker& worker);

  std::vector<Worker> workers_; // by TaskId
  std::vector<Group> groups_;
  std::vector<Resource> resources_;        // by number
  std::vector<std::uint32_t> page_stamps_; // scratch of next_faults()
  std::uint32_t stamp_ = 0;
  Prng pages_;
  Prng cpus_;
  WorkStats stats_;
};

[[nodiscard]] constexpr Nanos units_ns(std::uint64_t units) {
  return static_cast<Nanos>(units) * kUnitNs;
}
[[nodiscard]] constexpr Action compute(Nanos ns) {
  return {.kind = ActionKind::kCompute, .ns = ns};
}

} // namespace schedrig::mock
