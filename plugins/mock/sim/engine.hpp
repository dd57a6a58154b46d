// SPDX-License-Identifier: MIT
// Engine: the simulated machine in virtual time. CPUs run tasks, a SimPolicy decides which, the
// kernel's rules are enforced on it. Modelled on kernel/sched/core.c and kernel/sched/ext.c of
// Linux 6.18: the order of callbacks is theirs.
//
// Knows nothing of work types, files or cgroups: a task's cpuset, group and freezing arrive as
// plain values. Deterministic: state depends on the calls only. Thread: one; nothing blocks.
//
// engine.cpp: event loop, ticks, watchdog. engine_schedule.cpp: schedule(), picking.
// engine_actions.cpp: what a running task does. engine_tasks.cpp: life of a task, wake-ups,
// freezer. engine_change.cpp: attributes. engine_bandwidth.cpp: cpu.max. engine_policy.cpp:
// SimKernel and the rules. engine_kfuncs.cpp: the rarer half of SimKernel. engine_attach.cpp:
// attaching and ejecting policies. engine_exit.cpp: what an exit tells. engine_standstill.cpp: CPUs
// that the hypervisor stops.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <schedrig/sim_policy.hpp>
#include <schedrig/topology.hpp>

#include "plugins/mock/sim/behaviour.hpp"
#include "plugins/mock/sim/callback_trace.hpp"
#include "plugins/mock/sim/costs.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"
#include "plugins/mock/sim/engine_state.hpp"
#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

struct TaskParams {
  bool waits_for_start = true;
  std::int32_t pid = 0;
  std::string_view comm;
  std::int32_t nice = 0;
  std::uint32_t policy = 0; // SCHED_NORMAL 0, SCHED_BATCH 3, SCHED_IDLE 5
  CpuMask own;
  CpuMask cpuset;
  std::span<const SimGroup> groups = {}; // as in SimTask
};

class Engine final : private SimKernel, private EngineState {
 public:
  // `topology` is validated. Behaviour and listener outlive the engine.
  Engine(const TopologyView& topology, std::uint64_t seed, Behaviour& behaviour,
         EngineListener& listener);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] Nanos now() const { return now_; }
  // A copy of it is the machine at this moment. Requires of restore(): of an engine of the same
  // topology, while its fallback ran; nothing is attached here but the fallback. Tasks and what
  // Behaviour knows of them go together.
  [[nodiscard]] const EngineState& state() const { return *this; }
  void restore(const EngineState& state);
  // All random choices from now on.
  void reseed(std::uint64_t seed);
  // Runs events up to and including `deadline`; stops early when `wake` is set by anyone (which is
  // looked at between events). Returns true when it got to the deadline.
  bool run_until(Nanos deadline, const std::atomic<bool>& wake);

  // Tasks. All of these may also be called by the listener, from within an event. A new task runs
  // `kChildSetupNs`, then waits for a token, if it is to.
  TaskId create_task(const TaskParams& params);
  void send_token(TaskId id);
  void request_stop(TaskId id);
  void kill_task(TaskId id);
  void set_freeze(TaskId id, bool freeze);
  void set_cpuset(TaskId id, const CpuMask& cpuset);
  void set_affinity(TaskId id, const CpuMask& own);
  void set_nice(TaskId id, std::int32_t nice);
  void set_policy(TaskId id, std::uint32_t policy);
  // What a task writes to again and again, of its CPU's private cache.
  void set_working_set(TaskId id, std::uint64_t bytes);
  void set_groups(TaskId id, std::span<const SimGroup> groups);
  // cpu.max of a cgroup that tasks are in or will be; quota -1 lifts it.
  void set_bandwidth(std::uint64_t cgroup_id, const BandwidthLimit& limit);
  // The cgroup is gone. Requires: no task in it.
  void forget_bandwidth(std::uint64_t cgroup_id);
  [[nodiscard]] BandwidthStats bandwidth_stats(std::uint64_t cgroup_id) const;
  // The kernel throttles tasks of its own scheduler only, not those of sched_ext.
  void enforce_bandwidth(bool enforce);
  // Requires: dead. The id may be given to a new task.
  void reap(TaskId id);
  // As of now: what a running task has done so far is charged.
  [[nodiscard]] const Task& task(TaskId id);
  // The CPUs that it has run on since it was started or asked last.
  CpuMask take_cpus_used(TaskId id);

  // What a hypervisor does to a CPU of its guest's. It stands still until it is resumed or until
  // then (kNever: no end); one that is stopped again has the new end.
  void stop_cpu(CpuId id, Nanos until);
  void resume_cpu(CpuId id);
  // It shares that physical CPU with others that are pinned there; unpinned it has one of its own.
  void pin_cpu(CpuId id, CpuId physical);
  void unpin_cpu(CpuId id);
  // Another one that shares its physical CPU goes first.
  void yield_cpu(CpuId id);
  // How long it stood still, or waited for its physical CPU.
  [[nodiscard]] Nanos stolen_ns(CpuId id) const;
  [[nodiscard]] bool stands(CpuId id) const { return standstills_[id].stands; }

  // Policies. The engine never owns one; the caller destroys it after it was replaced (also by an
  // ejection: on_scheduler_exit says so; `policy()` tells what runs).
  Status attach(SimPolicy& policy, std::string_view name);
  // Of policies attached from now on: the longest timeout of the watchdog; 0: what each asks for.
  void set_watchdog_limit(Nanos limit_ns) { watchdog_limit_ns_ = limit_ns; }
  [[nodiscard]] SimPolicy* policy() const { return policy_; }
  // Which callback the policy is in. [any-thread]
  [[nodiscard]] const CallbackTrace& callbacks() const { return callbacks_; }
  // Ejects the attached policy as if it had broken a rule.
  void end_policy(std::int64_t kind, std::string message);

  // Whether the listener hears of the end of each event.
  void tell_events(bool tell) { tells_events_ = tell; }

  [[nodiscard]] const EngineStats& stats() const { return stats_; }
  [[nodiscard]] std::uint32_t cpus() const { return static_cast<std::uint32_t>(cpus_.size()); }
  [[nodiscard]] const Cpu& cpu(CpuId id) const { return cpus_[id]; }
  // As of the last event on its CPU, unlike task(). Free ones are among them.
  [[nodiscard]] const TaskTable& tasks() const { return tasks_; }
  // Local ones by CPU, then all others; a task's `dsq` is a number of them.
  [[nodiscard]] std::span<const Dsq> dsqs() const { return dsqs_; }
  [[nodiscard]] Nanos idle_ns(CpuId id) const;

  // The policy that runs when an ejected one has to go; set before the first attach.
  void set_fallback(SimPolicy& fallback) { fallback_ = &fallback; }

 private:
  // engine.cpp
  void handle(const SimEvent& event);
  void on_ticks();
  void on_tick(CpuId cpu);
  void on_resched(CpuId cpu);
  void on_watchdog(std::uint32_t generation);
  void finish_context();
  void on_policy_timer(std::uint32_t generation);
  void spend_callback_time(CpuId cpu);
  void finish_call();

  // engine_schedule.cpp
  void charge(CpuId cpu);
  void schedule(CpuId cpu);
  bool balance(CpuId cpu, TaskId prev, bool& keep);
  void set_next(CpuId cpu, TaskId next);
  void put_prev(CpuId cpu, TaskId prev, std::uint64_t enq_flags);
  void enter_idle(CpuId cpu);
  void leave_idle(CpuId cpu);
  void arm_tick(CpuId cpu);
  void arm_step(CpuId cpu);
  void on_step(CpuId cpu);
  bool resume_wait(CpuId cpu, Task& task, TaskId id);
  bool start_action(CpuId cpu, Task& task, TaskId id);
  bool call_kernel(CpuId cpu, TaskId id, const Action& action);
  void block(CpuId cpu, TaskState state);
  [[nodiscard]] bool must_stop(const Task& task, CpuId cpu) const {
    return task.kill || task.freeze || (!task.limits.empty() && is_throttled(task, cpu));
  }
  void resched(CpuId cpu, Nanos extra = 0);
  static void record_gap(Task& task, Nanos now, CpuId cpu);
  void record_wakeup(Task& task, Nanos latency);
  Nanos refill_caches(CpuId cpu, TaskId id);

  // engine_tasks.cpp
  void wake(TaskId id, std::uint64_t wake_flags, std::uint64_t enq_flags);
  CpuId choose_cpu(TaskId id, std::uint64_t wake_flags);
  void make_runnable(TaskId id, std::uint64_t enq_flags);
  void give_token(TaskId id, std::uint64_t wake_flags);
  void exit_task(CpuId cpu);
  void update_mask(Task& task);
  void store_groups(Task& task, std::span<const SimGroup> groups);
  enum class Change : std::uint8_t { kMask, kWeight, kGroup };
  template <class Apply> void change(TaskId id, Change what, Apply&& apply);
  void poke(TaskId id);
  CpuId any_allowed(const Task& task);

  // engine_bandwidth.cpp
  void find_limits(Task& task);
  void spend_runtime(CpuId cpu, Task& task, Nanos ns);
  [[nodiscard]] bool is_throttled(const Task& task, CpuId cpu) const;
  void throttle_current(CpuId cpu);
  void unthrottle(std::uint32_t bandwidth, CpuMask on);
  void release_throttled(TaskId id);
  void on_period(std::uint32_t bandwidth, std::uint32_t generation);

  // engine_standstill.cpp
  void on_resume(CpuId id, std::uint32_t generation);
  void on_physical_slice(CpuId physical);
  bool hold_back(const SimEvent& event);
  void stand_or_go(CpuId id);
  void stand_still(CpuId id);
  void go_on(CpuId id);
  void share_physical_cpus();
  void next_turn(SharedCpu& shared);

  // engine_policy.cpp
  void enqueue(TaskId id, std::uint64_t enq_flags);
  void dequeue(TaskId id, std::uint64_t deq_flags);
  void dispatch_to(const BufferedInsert& what, CpuId local, bool enforce_local);
  void push_dsq(std::uint32_t dsq, TaskId id, std::uint64_t flags, std::uint64_t vtime, bool priq);
  void take_from_dsq(TaskId id);
  void flush_inserts(CpuId cpu);
  bool consume(std::uint32_t dsq, CpuId cpu);
  void move_task_cpu(Task& task, CpuId cpu);
  [[nodiscard]] std::uint32_t find_dsq(std::uint64_t id) const;
  void insert(const SimTask& sim, std::uint64_t dsq, std::uint64_t slice, std::uint64_t flags,
              std::uint64_t vtime, bool priq);
  [[nodiscard]] TaskId check_task(const SimTask& sim, std::string_view call);
  [[nodiscard]] bool check_cpu(std::int64_t cpu, std::string_view where, TaskId about = kNoTask);
  template <class Call> void call_policy(const char* name, const Context& context, Call&& call);

  // engine_exit.cpp
  [[nodiscard]] static std::string describe(const Task& task);
  [[nodiscard]] static std::string dsq_name(std::uint64_t id);
  void fail_policy(std::int64_t kind, std::string message, std::string help = {},
                   TaskId about = kNoTask);
  [[nodiscard]] std::string joined_log() const;
  [[nodiscard]] std::string dump() const;
  void dump_task(std::string& text, const Task& task, char marker) const;

  // engine_attach.cpp
  void tell_exit(SimPolicy& policy, const SchedulerExit& info);
  void leave_policy(SimPolicy& policy);
  void enter_policy(SimPolicy& policy, std::string_view name);
  void eject();

  // SimKernel
  [[nodiscard]] std::int64_t now_ns() const noexcept override { return now_; }
  [[nodiscard]] std::uint32_t nr_cpus() const noexcept override { return cpus(); }
  [[nodiscard]] std::uint32_t cpu_node(std::uint32_t cpu) const noexcept override;
  [[nodiscard]] std::uint32_t cpu_llc(std::uint32_t cpu) const noexcept override;
  [[nodiscard]] std::uint32_t cpu_core(std::uint32_t cpu) const noexcept override;
  std::int32_t create_dsq(std::uint64_t dsq) noexcept override;
  void dsq_insert(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                  std::uint64_t enq_flags) noexcept override;
  void dsq_insert_vtime(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                        std::uint64_t vtime, std::uint64_t enq_flags) noexcept override;
  bool dsq_move_to_local(std::uint64_t dsq) noexcept override;
  void dsq_for_each(std::uint64_t dsq, SimTaskVisitor& visitor) const noexcept override;
  bool dsq_move(const SimTask& task, std::uint64_t from, std::uint64_t to,
                std::uint64_t enq_flags) noexcept override;
  [[nodiscard]] std::int32_t dsq_nr_queued(std::uint64_t dsq) const noexcept override;
  void set_dsq_vtime(const SimTask& task, std::uint64_t vtime) noexcept override;
  void set_slice(const SimTask& task, std::uint64_t slice_ns) noexcept override;
  void kick_cpu(std::uint32_t cpu, std::uint64_t flags) noexcept override;
  [[nodiscard]] bool cpu_is_idle(std::uint32_t cpu) const noexcept override;
  bool test_and_clear_cpu_idle(std::uint32_t cpu) noexcept override;
  std::int32_t pick_idle_cpu(std::span<const std::uint64_t> allowed) noexcept override;
  [[nodiscard]] const SimTask* cpu_curr(std::uint32_t cpu) const noexcept override;
  [[nodiscard]] std::int32_t current_cpu() const noexcept override {
    return static_cast<std::int32_t>(context_cpu_);
  }
  void start_timer(std::int64_t delay_ns) noexcept override;
  void delay(std::int64_t duration_ns) noexcept override;
  void print(std::string_view line) noexcept override;
  void exit(std::int64_t code, std::string_view message) noexcept override;
  void error(std::string_view message) noexcept override;

  CallbackTrace callbacks_;
  bool tells_events_ = false;
  SimPolicy* policy_ = nullptr;
  SimPolicy* fallback_ = nullptr;
  Behaviour& behaviour_;
  EngineListener& listener_;
  Nanos watchdog_limit_ns_ = 0;
};

template <class Call>
void Engine::call_policy(const char* name, const Context& context, Call&& call) {
  if (failed_) {
    return;
  }
  const CallbackTrace::Call at_work(callbacks_, name);
  const Context outer = std::exchange(context_, context);
  std::forward<Call>(call)();
  context_ = outer;
}

} // namespace schedrig::mock
