// SPDX-License-Identifier: MIT
// Session: one booted machine as the engine uses it - clock, waits, files, tasks - and the one
// place that turns cancellation, a dead machine and a scheduler's exit into errors.
// Thread: host. Does not own the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/affinity.hpp>
#include <schedrig/backend.hpp>
#include <schedrig/bpf_maps.hpp>
#include <schedrig/cpu_use.hpp>
#include <schedrig/freeze.hpp>
#include <schedrig/guest_memory.hpp>
#include <schedrig/guest_requests.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/payloads.hpp>
#include <schedrig/result.hpp>
#include <schedrig/ring_facet.hpp>
#include <schedrig/tasks.hpp>
#include <schedrig/topology.hpp>
#include <schedrig/vcpus.hpp>
#include <schedrig/watch.hpp>

#include "host/engine/cancellation.hpp"
#include "host/engine/guest_files.hpp"
#include "host/engine/kernel_log.hpp"
#include "host/engine/kernel_targets.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/ring_server.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {

// Receives a machine's events for the whole run and remembers what changes its course.
class EventCollector final : public EventSink, public ExitSource {
 public:
  // `judge_kernel_log`: whether a kernel that cannot go on ends the run.
  explicit EventCollector(RunObserver& observer, bool judge_kernel_log = true)
      : observer_(observer), judge_kernel_log_(judge_kernel_log) {}

  void on_event(const Event& event) noexcept override;

  [[nodiscard]] const std::optional<Error>& machine_failure() const { return machine_failure_; }
  // The kernel's own doing: a finding, unlike a machine that failed for another reason.
  [[nodiscard]] const std::optional<Error>& kernel_failure() const { return kernel_failure_; }
  [[nodiscard]] const KernelLog& kernel_log() const { return kernel_log_; }
  [[nodiscard]] std::span<const SchedulerEvent> exits() const override { return exits_; }

 private:
  void on_console_line(const Event& event);

  RunObserver& observer_;
  bool judge_kernel_log_;
  KernelLog kernel_log_;
  std::optional<Error> machine_failure_;
  std::optional<Error> kernel_failure_;
  std::vector<SchedulerEvent> exits_;
};

class SchedCommands;

class Session {
 public:
  Session(Machine& machine, FilesFacet& files, TasksFacet& tasks, const TopologyView& topology,
          const EventCollector& events, const Cancellation& cancellation);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

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
  // It has said so itself: calls fail at once.
  [[nodiscard]] bool machine_failed() const { return events_.machine_failure().has_value(); }
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
  [[nodiscard]] BpfMapsFacet* bpf_maps() { return query<BpfMapsFacet>(machine_); }
  // Some of the machine's maps are held by this run.
  void note_pinned_map() { has_pinned_maps_ = true; }
  [[nodiscard]] bool has_pinned_maps() const { return has_pinned_maps_; }
  [[nodiscard]] MemPolicyFacet* mem_policy() { return query<MemPolicyFacet>(machine_); }
  [[nodiscard]] CpuUseFacet* cpu_use() { return query<CpuUseFacet>(machine_); }
  [[nodiscard]] MemoryFacet* memory() { return query<MemoryFacet>(machine_); }
  [[nodiscard]] GuestRequestsFacet* guest_requests() { return query<GuestRequestsFacet>(machine_); }
  [[nodiscard]] GuestRequestCounts& guest_request_counts() { return guest_request_counts_; }
  // Null if the machine has no ring, or a backend's is not of the size that it must have.
  [[nodiscard]] RingServer* ring() { return ring_ ? &*ring_ : nullptr; }
  // Null if the machine's CPUs cannot be controlled.
  [[nodiscard]] SchedCommands* commands() { return commands_.get(); }
  // Whether one of these has shut the machine down: it does nothing any more.
  [[nodiscard]] bool is_shut_down() const;
  // While a step is taken apart: all vCPUs run, no watchdog fires and programs are refused.
  Result<> pause_commands();
  void go_on_with_commands() { commands_paused_ = false; }
  [[nodiscard]] bool commands_paused() const { return commands_paused_; }
  [[nodiscard]] WatchFacet* watch() { return query<WatchFacet>(machine_); }
  [[nodiscard]] FreezeFacet* freezer() { return query<FreezeFacet>(machine_); }
  [[nodiscard]] VcpusFacet* vcpus() { return query<VcpusFacet>(machine_); }

  // Where windows are recorded that no op asked for; outlives the session. Without it they are not.
  void set_freeze_windows(std::vector<FreezeWindowRecord>& windows) { freeze_windows_ = &windows; }
  // Gives it the next id.
  void note_freeze_window(FreezeWindowRecord window);

  // Finds kernel targets in this machine's memory; outlives the session.
  void set_targets(TargetResolver& targets) { targets_ = &targets; }
  // Null where nothing is known of the machine's kernel.
  [[nodiscard]] TargetResolver* targets() { return targets_; }

  // Takes a snapshot when a program in the machine asks for one; outlives the session.
  using TakeSnapshot = std::function<Result<>(const std::string& name)>;
  void set_snapshots(TakeSnapshot take) { take_snapshot_ = std::move(take); }
  // Empty where nobody can take one.
  [[nodiscard]] const TakeSnapshot& snapshots() const { return take_snapshot_; }

  // Watched by waits from here on; outlives the session.
  void set_schedulers(SchedulerControl& schedulers) { schedulers_ = &schedulers; }
  // Requires: set_schedulers.
  [[nodiscard]] SchedulerControl& schedulers() { return *schedulers_; }

 private:
  Result<> wait_once(std::int64_t until_ns);
  [[nodiscard]] std::int64_t wait_end(std::int64_t until_ns);
  // Behind each wait: looks whether the run may go on, then answers programs that ask.
  Result<> after_wait();

  Machine& machine_;
  GuestFiles files_;
  TasksFacet& tasks_;
  PayloadsFacet* payloads_;
  const TopologyView& topology_;
  const EventCollector& events_;
  const Cancellation& cancellation_;
  SchedulerControl* schedulers_ = nullptr;
  TargetResolver* targets_ = nullptr;
  std::vector<FreezeWindowRecord>* freeze_windows_ = nullptr;
  TakeSnapshot take_snapshot_;
  GuestRequestCounts guest_request_counts_;
  std::optional<RingServer> ring_;
  std::unique_ptr<SchedCommands> commands_;
  std::vector<std::uint32_t> online_;
  std::int64_t deadline_ns_ = INT64_MAX;
  bool tearing_down_ = false;
  bool commands_paused_ = false;
  bool has_pinned_maps_ = false;
  bool lost_ = false;
};

// The error that a cancelled run ends with.
[[nodiscard]] Error cancellation_error(CancelReason reason);

} // namespace schedrig::engine
