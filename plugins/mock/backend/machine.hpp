// SPDX-License-Identifier: MIT
// MockMachine: the simulated machine behind the facets of schedrig/backend.hpp. Joins the engine,
// the workers, the file systems and the attached scheduler; simulates nothing itself.
//
// machine.cpp: life, clock, events. machine_files.cpp, machine_tasks.cpp, machine_affinity.cpp,
// machine_mem_policy.cpp, machine_schedulers.cpp, machine_freeze.cpp, machine_vcpu_control.cpp: one
// facet each;
// machine_faults.cpp: what goes wrong; machine_state.cpp: copies of the machine; payloads.hpp and
// machine_kernel.hpp, machine_ring.hpp, machine_watch.hpp and machine_stop_watch.hpp are parts of
// their own. Thread: the host's, except interrupt() and now_ns().
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <schedrig/activity.hpp>
#include <schedrig/affinity.hpp>
#include <schedrig/backend.hpp>
#include <schedrig/cpu_use.hpp>
#include <schedrig/files.hpp>
#include <schedrig/freeze.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/schedulers.hpp>
#include <schedrig/sim_policy.hpp>
#include <schedrig/tasks.hpp>
#include <schedrig/vcpu_control.hpp>

#include "plugins/mock/backend/faults.hpp"
#include "plugins/mock/backend/machine_kernel.hpp"
#include "plugins/mock/backend/machine_ring.hpp"
#include "plugins/mock/backend/machine_state.hpp"
#include "plugins/mock/backend/machine_stop_watch.hpp"
#include "plugins/mock/backend/machine_watch.hpp"
#include "plugins/mock/backend/payloads.hpp"
#include "plugins/mock/files/cgroup_files.hpp"
#include "plugins/mock/files/cgroup_tree.hpp"
#include "plugins/mock/files/proc_files.hpp"
#include "plugins/mock/files/processes.hpp"
#include "plugins/mock/files/sched_ext_files.hpp"
#include "plugins/mock/files/sys_files.hpp"
#include "plugins/mock/files/vfs.hpp"
#include "plugins/mock/sim/engine.hpp"
#include "plugins/mock/sim/fallback_policy.hpp"
#include "plugins/mock/work/payload_tasks.hpp"
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// After SIGKILL every task dies as soon as it runs; a policy that runs nothing is ejected within
// one and a half watchdog timeouts, and the fallback runs everything.
inline constexpr Nanos kKillDeadlineNs = (kWatchdogTimeoutNs * 3 / 2) + 10'000'000'000;

class MockMachine final : public Machine,
                          private FilesFacet,
                          private TasksFacet,
                          private AffinityFacet,
                          private MemPolicyFacet,
                          private SchedulersFacet,
                          private ActivityFacet,
                          private CpuUseFacet,
                          private FreezeFacet,
                          private VcpuControlFacet,
                          private EngineListener {
 public:
  // The spec's topology is validated; `programs` are what payloads can run, `faults` what goes
  // wrong. With `origin`, boot() goes on from there; of a machine of the same topology and memory,
  // and outlives this one.
  MockMachine(const MachineSpec& spec, EventSink& events, Programs programs = {},
              Faults faults = {}, const MachineState* origin = nullptr);
  ~MockMachine();
  MockMachine(const MockMachine&) = delete;
  MockMachine& operator=(const MockMachine&) = delete;

  void* query(std::string_view interface_id) noexcept override;
  Status boot(std::int64_t timeout_ns) noexcept override;
  [[nodiscard]] std::int64_t now_ns() noexcept override;
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override;
  void interrupt() noexcept override;
  void describe(FactSink& sink) noexcept override;
  Status shut_down(std::int64_t timeout_ns) noexcept override;

  // The machine as it is. kInvalidArgument: it does not run; kUnsupported: a policy is attached.
  Status save(std::unique_ptr<MachineState>* out) const;
  // Back to the origin, not booted yet. kInvalidArgument: it was made without one.
  Status reset(std::uint64_t seed);

 private:
  friend class MachinePayloads; // parts of the machine that are facets of their own
  friend class MachineKernel;
  friend class MachineWatch;
  friend class MachineStopWatch;

  enum class State : std::uint8_t { kCreated, kUp, kLost, kDown };
  struct Group {
    bool used = false;
    bool orphaned = false; // of the machine that this one is a copy of: nobody can name it
    bool started = false;
    std::vector<std::int32_t> pids;  // by worker
    std::vector<std::uint32_t> cpus; // what start() pins its workers to; empty: nothing
  };
  // A scheduler as the facet got it: enough to make its policy anew.
  struct Scheduler {
    std::string id;
    SimPolicyFactory* factory = nullptr;
    std::vector<std::string> texts; // owned copies behind the views of `params`
    std::vector<ParamValue> params;
  };

  // FilesFacet
  Status run(std::span<const FileOp> ops, FileBatchMode mode,
             FileReplySink& sink) noexcept override;
  // TasksFacet
  Status spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept override;
  Status start(std::uint32_t group) noexcept override;
  Status stop(std::uint32_t group, std::int64_t grace_ns, WorkerReportSink& sink) noexcept override;
  // AffinityFacet
  Status pin(std::span<const std::int32_t> pids,
             std::span<const std::uint32_t> cpus) noexcept override;
  // MemPolicyFacet
  Status set_for_spawn(MemPolicyMode mode, std::span<const std::uint32_t> nodes) noexcept override;
  // SchedulersFacet
  Status can_attach(std::string_view id, Plugin& scheduler) noexcept override;
  Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                std::int64_t timeout_ns) noexcept override;
  Status detach(std::int64_t timeout_ns) noexcept override;
  Status take_cpus(std::uint32_t group, CpuUseSink& sink) noexcept override;
  // FreezeFacet
  Status freeze(std::int64_t timeout_ns) noexcept override;
  Status thaw(std::int64_t* frozen_ns) noexcept override;
  // VcpuControlFacet
  std::uint32_t physical_cpus() noexcept override { return engine_.cpus(); }
  Status stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept override;
  Status resume(std::uint32_t vcpu) noexcept override;
  Status yield(std::uint32_t vcpu) noexcept override;
  Status pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept override;
  Status unpin(std::uint32_t vcpu) noexcept override;
  void activity(Activity* out) noexcept override { engine_.callbacks().read(out); }
  // EngineListener
  void on_scheduler_exit(const SchedulerExit& exit) noexcept override;
  void on_task_frozen(TaskId id, bool frozen) noexcept override;
  void on_task_dead(TaskId id) noexcept override;
  void on_fork(TaskId parent) noexcept override;
  void on_reap(TaskId parent) noexcept override;
  void on_event_done() noexcept override { watch_.look(); }
  void on_ejecting(std::int64_t exit_kind) noexcept override;

  [[nodiscard]] Status check_state(std::string_view what) const;
  // For one of its vCPUs that the host wants something done to.
  template <class Do> Status control(std::string_view what, std::uint32_t vcpu, Do&& act);
  // What stopping all CPUs together takes.
  [[nodiscard]] Nanos window_cost() const;
  // As check_state, of what may change the machine.
  [[nodiscard]] Status check_up(std::string_view what);
  // Of the scheduler of sched_ext's that is attached.
  [[nodiscard]] SchedulerFacts scheduler_facts() const;
  // The machine's clock: the engine's, which goes on from life to life, since boot().
  [[nodiscard]] Nanos clock() const { return engine_.now() - booted_at_; }
  [[nodiscard]] Nanos engine_time(Nanos on_clock) const;
  void restore(const MachineState& from, std::uint64_t seed);
  void orphan_all();
  void emit(EventKind kind, std::int64_t value, std::string_view text,
            const SchedulerExit* exit = nullptr);
  void rearm_wake();
  // Lets the machine run; what is to go wrong by then does.
  void run_engine(Nanos until, const std::atomic<bool>& wake);
  // True when it got there. Watches look behind each event and each tick.
  bool run_events(Nanos until, const std::atomic<bool>& wake);
  void inflict(const Fault& fault);
  // Lets the machine run for `ns` whatever happens.
  void advance(Nanos ns);
  // Until no task of `pids` is left alive or the deadline passes.
  void run_until_dead(const std::vector<std::int32_t>& pids, Nanos deadline);
  [[nodiscard]] std::vector<std::uint32_t> list_of(const CpuMask& mask) const;
  [[nodiscard]] Status group_of(std::uint32_t group, std::string_view what, Group** out);
  Status spawn_group(const WorkSpec& spec, std::uint32_t* group, PidSink& pids);
  Status stop_group(Group& group, std::int64_t grace_ns, WorkerReportSink& sink);
  Status pin_process(std::int32_t pid, std::span<const std::uint32_t> cpus);
  void report_worker(std::uint32_t worker, const Process& process, WorkerReportSink& sink);
  void discard(Group& group);
  void reap(TaskId id);
  // The workers that still live, each with its child, and waits for their ends.
  void kill_workers(const Group& group, Nanos deadline);
  // Null when there is no pid or the cgroup may hold no more.
  Process* fork_process(const TaskParams& like, std::uint32_t cgroup);
  void end_child(const Process& child);
  [[nodiscard]] Process& process_of(TaskId id);
  Status attach_plugin(std::string_view id, SimPolicyFactory& factory, ParamsView params,
                       std::int64_t timeout_ns);
  static Scheduler remember(std::string_view id, SimPolicyFactory& factory, ParamsView params);
  Status switch_to(const Scheduler& scheduler);
  Status switch_to_default();
  void detach_all();
  void drop_policy();

  EventSink& events_;
  State state_ = State::kCreated;
  MachineFields fields_;
  std::string description_; // the topology in words
  std::uint64_t memory_bytes_;
  std::vector<std::pair<std::string, std::string>> memory_facts_; // of its regions
  std::uint64_t seed_;
  const MachineState* origin_; // null: it boots
  Faults faults_;
  Faults faults_at_boot_;

  Workers workers_;
  MachinePayloads payloads_;
  TaskBehaviour behaviour_;
  Engine engine_;
  FallbackPolicy fallback_;
  Processes processes_;
  CgroupTree cgroups_;
  CgroupFiles cgroup_files_;
  ProcFiles proc_files_;
  SysFiles sys_files_;
  SchedExtState sched_ext_;
  SchedExtFiles sched_ext_files_;
  Vfs vfs_;
  MachineKernel kernel_;
  MachineWatch watch_;
  MachineStopWatch stop_watch_;
  MachineRing ring_;

  std::vector<Group> groups_;
  std::vector<std::int32_t> task_pids_; // by TaskId
  std::uint32_t dying_ = 0;             // tasks that run_until_dead still waits for
  Nanos booted_at_ = 0;                 // by the engine's clock

  Scheduler default_;           // `eevdf` once it was attached, else empty
  Scheduler attached_;          // empty: the default or the built-in fallback runs
  Nanos watchdog_limit_ns_ = 0; // of sched_ext's schedulers; 0: what each asks for
  std::string ejected_because_; // message of the last exit
  SimPolicy* policy_ = nullptr; // what the plugin made, and by which factory
  SimPolicyFactory* policy_factory_ = nullptr;

  std::atomic<bool> wake_{false};        // leave the event loop
  std::atomic<bool> interrupted_{false}; // interrupt() was called
  std::atomic<std::int64_t> clock_{0};   // clock(), for other threads
  bool event_pending_ = false;
  bool frozen_ = false;
  Nanos window_ns_ = 0;        // what the open one costs
  bool awaited_ended_ = false; // the payload that wait_until runs for
};

} // namespace schedrig::mock
