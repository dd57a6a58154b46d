// SPDX-License-Identifier: MIT
// Session: one booted machine as the engine uses it - clock, waits, files, tasks - and the one
// place that turns cancellation, a dead machine and a scheduler's exit into errors.
// Thread: host. Does not own the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <schedrig/affinity.hpp>
#include <schedrig/backend.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/payloads.hpp>
#include <schedrig/result.hpp>
#include <schedrig/tasks.hpp>
#include <schedrig/topology.hpp>

#include "host/engine/cancellation.hpp"
#include "host/engine/guest_files.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {

// Receives a machine's events for the whole run and remembers what changes its course.
class EventCollector final : public EventSink, public ExitSource {
 public:
  explicit EventCollector(RunObserver& observer) : observer_(observer) {}

  void on_event(const Event& event) noexcept override;

  [[nodiscard]] const std::optional<Error>& machine_failure() const { return machine_failure_; }
  [[nodiscard]] std::span<const SchedulerEvent> exits() const override { return exits_; }

 private:
  RunObserver& observer_;
  std::optional<Error> machine_failure_;
  std::vector<SchedulerEvent> exits_;
};

class Session {
 public:
  Session(Machine& machine, FilesFacet& files, TasksFacet& tasks, const TopologyView& topology,
          const EventCollector& events, const Cancellation& cancellation);

  [[nodiscard]] std::int64_t now_ns() { return machine_.now_ns(); }
  // Lets the machine run. Ends early with an error when the run is cancelled, the machine dies, its
  // clock passes the run's deadline, or the scheduler exits.
  Result<> wait_until(std::int64_t until_ns);
  Result<> wait_for(std::int64_t duration_ns) { return wait_until(now_ns() + duration_ns); }
  // Hears what has happened in the machine, without waiting; errors as those of wait_until.
  Result<> check_alive();

  // Lets the machine run until the payload has ended (true) or its clock reads until_ns (false).
  // Errors as wait_until's. Requires payloads().
  Result<bool> wait_payload(std::uint32_t payload, std::int64_t until_ns);

  // Clock reading after which waits fail with kTimeout.
  void set_deadline(std::int64_t deadline_ns) { deadline_ns_ = deadline_ns; }
  // During teardown a cancelled run may still wait (its waits are bounded by their own limits), and
  // an exit of the scheduler no longer matters.
  void begin_teardown() { tearing_down_ = true; }
  // The machine no longer answers: nothing is to be asked of it but shut_down.
  [[nodiscard]] bool lost() const { return lost_ || files_.lost(); }
  // Looks at the error of a call to the machine or its tasks facet: some mean that it is lost. Not
  // for errors of ops: an op may time out on a machine that is well.
  void note_failure(const Error& error);

  // Whether the run may go on: the machine lives, nobody has cancelled, the scheduler has not
  // exited against the scenario's will. Waits look by themselves.
  Result<> check();

  // Reads the machine's online CPUs; call once after boot.
  Result<> read_online_cpus();
  [[nodiscard]] const std::vector<std::uint32_t>& online() const { return online_; }
  [[nodiscard]] const TopologyView& topology() const { return topology_; }

  [[nodiscard]] GuestFiles& files() { return files_; }
  [[nodiscard]] TasksFacet& tasks() { return tasks_; }
  // Null when the machine lacks it.
  [[nodiscard]] PayloadsFacet* payloads() { return payloads_; }
  // Null if the machine has none.
  [[nodiscard]] AffinityFacet* affinity() { return query<AffinityFacet>(machine_); }
  [[nodiscard]] MemPolicyFacet* mem_policy() { return query<MemPolicyFacet>(machine_); }

  // Watched by waits from here on; outlives the session.
  void set_schedulers(SchedulerControl& schedulers) { schedulers_ = &schedulers; }
  // Requires: set_schedulers.
  [[nodiscard]] SchedulerControl& schedulers() { return *schedulers_; }

 private:
  Result<> wait_once(std::int64_t until_ns);

  Machine& machine_;
  GuestFiles files_;
  TasksFacet& tasks_;
  PayloadsFacet* payloads_;
  const TopologyView& topology_;
  const EventCollector& events_;
  const Cancellation& cancellation_;
  SchedulerControl* schedulers_ = nullptr;
  std::vector<std::uint32_t> online_;
  std::int64_t deadline_ns_ = INT64_MAX;
  bool tearing_down_ = false;
  bool lost_ = false;
};

// The error that a cancelled run ends with.
[[nodiscard]] Error cancellation_error(CancelReason reason);

} // namespace schedrig::engine
