// SPDX-License-Identifier: MIT
// Simulation policies: a scheduler as callbacks in the shape of sched_ext's struct
// sched_ext_ops (kernel/sched/ext.c, include/linux/sched/ext.h, Linux 6.18), run by a simulated
// machine. Names and meanings are the kernel's; what differs is said at the callback.
//
// Dispatch queues (DSQs): a task becomes runnable by being inserted into one. A CPU runs tasks
// from its own local DSQ; when that is empty the machine calls dispatch(cpu), which moves tasks
// there. A policy that breaks the kernel's rules is ejected with the kernel's exit kind.
//
// Which call is allowed where (the kernel's kfunc sets): dsq_insert from select_cpu, enqueue and
// dispatch; dsq_move_to_local from dispatch; dsq_move from dispatch and timer; the rest anywhere.
// Not modelled: cgroup_* callbacks (SimTask tells group and weight; a change arrives as
// set_weight), cpu_acquire and cpu_release (no higher class runs), cpu_online and cpu_offline,
// dump_*, core_sched_before, SCX_OPS_SWITCH_PARTIAL (every task is the policy's).
//
// Thread: every call is made by the one thread that advances the machine. Determinism: a policy
// must depend on nothing but its calls (no host time, no addresses, no unordered containers).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/params.hpp>
#include <schedrig/scheduler_exit.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

// enum scx_dsq_id_flags: built-in DSQs have the top bit set.
inline constexpr std::uint64_t kDsqGlobal = (1ULL << 63U) | 1;
inline constexpr std::uint64_t kDsqLocal = (1ULL << 63U) | 2; // of the CPU the task is headed for
inline constexpr std::uint64_t kDsqLocalOn = (1ULL << 63U) | (1ULL << 62U); // | cpu

// enum scx_enq_flags, scx_wake_flags, scx_kick_flags, scx_deq_flags: the bits a policy meets.
inline constexpr std::uint64_t kEnqWakeup = 1ULL << 0U;
inline constexpr std::uint64_t kEnqHead = 1ULL << 4U;
inline constexpr std::uint64_t kEnqPreempt = 1ULL << 32U; // slice of the CPU's current task to 0
inline constexpr std::uint64_t kEnqReenq = 1ULL << 40U;
inline constexpr std::uint64_t kEnqLast = 1ULL << 41U;
inline constexpr std::uint64_t kWakeFork = 0x04;
inline constexpr std::uint64_t kWakeTtwu = 0x08;
inline constexpr std::uint64_t kWakeSync = 0x10;
inline constexpr std::uint64_t kDeqSleep = 1ULL << 0U;
inline constexpr std::uint64_t kKickIdle = 1ULL << 0U;
inline constexpr std::uint64_t kKickPreempt = 1ULL << 1U;

inline constexpr std::uint64_t kSliceDefaultNs = 20'000'000; // SCX_SLICE_DFL
inline constexpr std::uint64_t kSliceInfinite = ~0ULL;       // SCX_SLICE_INF

// enum scx_ops_flags. ENQ_LAST: a task whose slice ended is enqueued even if no other task is
// there for its CPU; without it the machine keeps it running.
inline constexpr std::uint64_t kOpsEnqLast = 1ULL << 1U;

// The data members of struct sched_ext_ops.
struct SimOps {
  std::uint32_t size = sizeof(SimOps);
  std::uint32_t reserved = 0;
  std::uint64_t flags = 0;     // kOps*
  std::int64_t timeout_ns = 0; // of the watchdog; 0: 30 s, which is also the most (timeout_ms)
};

// A cgroup whose parent's cpu controller shares CPU time out by weight (struct task_group).
struct SimGroup {
  std::uint64_t id = 0;       // cgroup_id()
  std::uint32_t weight = 100; // cpu.weight
  std::uint32_t reserved = 0;
  friend bool operator==(const SimGroup&, const SimGroup&) = default;
};

// A task as the policy sees it. Owned by the machine; the address is stable from init_task to
// exit_task. `index` is small and dense and is reused after exit_task: use it to find your own
// per-task state. Fields change only between callbacks.
struct SimTask {
  std::uint32_t size = sizeof(SimTask);
  std::uint32_t index = 0;
  std::int32_t pid = 0;
  std::int32_t nice = 0;
  std::uint32_t weight = 100;        // 1..10000, 100 is nice 0 (sched_weight_to_cgroup)
  std::uint32_t cgroup_weight = 100; // of its cgroup's cpu.weight
  std::int32_t cpu = -1;    // task_cpu(): where it runs, ran last or is headed for; -1: new
  std::uint32_t policy = 0; // SCHED_NORMAL 0, SCHED_BATCH 3, SCHED_IDLE 5 (linux/sched.h)
  std::uint64_t cgroup_id = 0;
  std::uint64_t slice_ns = 0;   // what is left of its slice
  std::uint64_t dsq_vtime = 0;  // p->scx.dsq_vtime; a policy sets it by set_dsq_vtime
  std::int64_t sum_exec_ns = 0; // CPU time so far
  std::span<const std::uint64_t> cpus_allowed; // bit mask, 64 CPUs a word
  // From below the root down to the task's own (cgroup_id, cgroup_weight); empty: the root's.
  std::span<const SimGroup> groups;
};

class SimTaskVisitor {
 public:
  // Returns whether to go on to the next task.
  virtual bool on_task(const SimTask& task) noexcept = 0;

 protected:
  ~SimTaskVisitor() = default;
};

// What a policy may ask of the machine (the kernel's scx_bpf_* functions).
class SimKernel {
 public:
  [[nodiscard]] virtual std::int64_t now_ns() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t nr_cpus() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t cpu_node(std::uint32_t cpu) const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t cpu_llc(std::uint32_t cpu) const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t cpu_core(std::uint32_t cpu) const noexcept = 0;

  // scx_bpf_create_dsq: 0 or a negative errno (EEXIST, EINVAL for built-in ids).
  virtual std::int32_t create_dsq(std::uint64_t dsq) noexcept = 0;
  // scx_bpf_dsq_insert / _vtime. From select_cpu, enqueue or dispatch.
  virtual void dsq_insert(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                          std::uint64_t enq_flags) noexcept = 0;
  virtual void dsq_insert_vtime(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                                std::uint64_t vtime, std::uint64_t enq_flags) noexcept = 0;
  // scx_bpf_dsq_move_to_local: from dispatch; false when the DSQ holds nothing this CPU may run.
  virtual bool dsq_move_to_local(std::uint64_t dsq) noexcept = 0;
  // bpf_for_each(scx_dsq): the tasks of one of the policy's own DSQs, in its order. The visitor
  // must not move tasks.
  virtual void dsq_for_each(std::uint64_t dsq, SimTaskVisitor& visitor) const noexcept = 0;
  // scx_bpf_dsq_move: from one of the policy's own DSQs to any; false when the task is not there.
  virtual bool dsq_move(const SimTask& task, std::uint64_t from, std::uint64_t to,
                        std::uint64_t enq_flags) noexcept = 0;
  [[nodiscard]] virtual std::int32_t dsq_nr_queued(std::uint64_t dsq) const noexcept = 0;
  virtual void set_dsq_vtime(const SimTask& task, std::uint64_t vtime) noexcept = 0;
  virtual void set_slice(const SimTask& task, std::uint64_t slice_ns) noexcept = 0;

  virtual void kick_cpu(std::uint32_t cpu, std::uint64_t flags) noexcept = 0;
  [[nodiscard]] virtual bool cpu_is_idle(std::uint32_t cpu) const noexcept = 0;
  // scx_bpf_test_and_clear_cpu_idle, scx_bpf_pick_idle_cpu (lowest first): claim an idle CPU.
  virtual bool test_and_clear_cpu_idle(std::uint32_t cpu) noexcept = 0;
  virtual std::int32_t pick_idle_cpu(std::span<const std::uint64_t> allowed) noexcept = 0;
  // The task that runs on `cpu`, or null.
  [[nodiscard]] virtual const SimTask* cpu_curr(std::uint32_t cpu) const noexcept = 0;
  // bpf_get_smp_processor_id(): the CPU that handles the event, such as a waker's; -1: none does,
  // the call comes from outside of the machine.
  [[nodiscard]] virtual std::int32_t current_cpu() const noexcept = 0;
  // The policy's one bpf_timer: calls timer() once, `delay_ns` from now; replaces an earlier start.
  virtual void start_timer(std::int64_t delay_ns) noexcept = 0;
  // The current callback takes this long: nothing runs on its CPU meanwhile. Without it callbacks
  // take no time.
  virtual void delay(std::int64_t duration_ns) noexcept = 0;
  // bpf_printk: one line for the scheduler's log, of which an exit shows the end.
  virtual void print(std::string_view line) noexcept = 0;
  // scx_bpf_exit: the policy wants to end. kExitCodeRestart in `code` asks to be started anew.
  virtual void exit(std::int64_t code, std::string_view message) noexcept = 0;
  // scx_bpf_error: eject this policy.
  virtual void error(std::string_view message) noexcept = 0;

 protected:
  ~SimKernel() = default;
};

// The callbacks. One object per attach.
class SimPolicy {
 public:
  // Asked once, before init.
  virtual void ops(SimOps* out) noexcept = 0;
  // ops.init; an error refuses the attach. `kernel` outlives the policy.
  virtual Status init(SimKernel& kernel) noexcept = 0;
  // ops.exit: the last call, after every task has left; also of a policy that was ejected.
  virtual void exit(const SchedulerExit& info) noexcept = 0;

  // A task's time with the policy: init_task, enable, ..., disable, exit_task.
  virtual void init_task(const SimTask& task) noexcept = 0;
  virtual void enable(const SimTask& task) noexcept = 0;
  virtual void disable(const SimTask& task) noexcept = 0;
  virtual void exit_task(const SimTask& task) noexcept = 0;

  // Chooses a CPU for a waking or new task; may dsq_insert it (then enqueue is not called).
  virtual std::int32_t select_cpu(const SimTask& task, std::int32_t prev_cpu,
                                  std::uint64_t wake_flags) noexcept = 0;
  virtual void enqueue(const SimTask& task, std::uint64_t enq_flags) noexcept = 0;
  // The task left the policy's own queues (sleep, freeze, attribute change) without running.
  virtual void dequeue(const SimTask& task, std::uint64_t deq_flags) noexcept = 0;
  // The CPU's local DSQ is empty. `prev` is the task that ran and is still runnable, or null; if
  // nothing is dispatched, prev goes on with a fresh slice.
  virtual void dispatch(std::int32_t cpu, const SimTask* prev) noexcept = 0;

  virtual void runnable(const SimTask& task, std::uint64_t enq_flags) noexcept = 0;
  virtual void running(const SimTask& task) noexcept = 0;
  virtual void stopping(const SimTask& task, bool still_runnable) noexcept = 0;
  virtual void quiescent(const SimTask& task, std::uint64_t deq_flags) noexcept = 0;
  // Once per tick (1/HZ) for a running task.
  virtual void tick(const SimTask& task) noexcept = 0;
  // ops.yield without a target: set_slice(task, 0) gives the CPU up. Returns whether it did.
  virtual bool yield(const SimTask& task) noexcept = 0;

  virtual void set_weight(const SimTask& task) noexcept = 0;
  virtual void set_cpumask(const SimTask& task) noexcept = 0;
  virtual void update_idle(std::uint32_t cpu, bool idle) noexcept = 0;
  // The timer that start_timer started.
  virtual void timer() noexcept = 0;

 protected:
  ~SimPolicy() = default;
};

// Interface of a scheduler plugin's root object.
class SimPolicyFactory {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.sim_policy/1";

  // [host-thread] params: the scheduler's parameters, checked and with defaults filled in.
  virtual Status create_policy(ParamsView params, SimPolicy** out) noexcept = 0;
  virtual void destroy_policy(SimPolicy* policy) noexcept = 0;

 protected:
  ~SimPolicyFactory() = default;
};

} // namespace schedrig
