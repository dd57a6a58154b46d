// SPDX-License-Identifier: MIT
// Eevdf: the kernel's default scheduler as a simulation policy (kernel/sched/fair.c, Linux 6.18).
//
// Modelled: per-CPU queues, lag, eligibility, deadlines, slices and their protection, delayed
// dequeue, wake-up preemption, task groups with cpu.weight shared out over CPUs by load, choice of
// an idle CPU in the last CPU's LLC at wake-up, of the least loaded one at fork, pulling when a
// CPU goes idle, balancing at ticks.
// Not modelled: nested groups (a task competes in its own group, all groups in the root), wake
// affinity to the waker's CPU, moving a running task (active balance), buddies, SMT-capacity, NUMA
// balancing, PELT averages (loads are sums of weights), bandwidth limits.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <schedrig/sim_policy_adapter.hpp>

#include "plugins/schedulers/eevdf/run_queue.hpp"

namespace schedrig::eevdf {

class Eevdf final : public PolicyBase {
 public:
  explicit Eevdf(ParamsView params) : slice_ns_(param_integer(params, "slice", 0)) {}

  Status on_init() override;
  void on_init_task(const SimTask& task) override;
  void on_exit_task(const SimTask& task) override;
  std::int32_t on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                             std::uint64_t wake_flags) override;
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override;
  void on_dequeue(const SimTask& task, std::uint64_t deq_flags) override;
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override;
  void on_running(const SimTask& task) override;
  void on_stopping(const SimTask& task, bool still_runnable) override;
  void on_quiescent(const SimTask& task, std::uint64_t deq_flags) override;
  void on_tick(const SimTask& task) override;
  bool on_yield(const SimTask& task) override;
  void on_set_weight(const SimTask& task) override;

 private:
  static constexpr std::uint32_t kNone = ~0U;
  static constexpr std::uint32_t kRootGroup = 0;

  struct TaskState {
    const SimTask* task = nullptr;
    Entity entity;
    std::uint32_t cpu = 0;   // whose queue holds it
    std::uint32_t group = 0; // index into groups_
    bool is_new = true;
  };
  // A task group's part on one CPU: its queue, and its entity in the CPU's root queue.
  struct GroupCpu {
    RunQueue queue;
    Entity entity;
  };
  struct Group {
    std::uint64_t cgroup_id = 0;
    std::int64_t shares = kNice0Weight;
    std::int64_t load = 0; // of its runnable tasks, over all CPUs
    std::deque<GroupCpu> cpus;
  };
  struct CpuState {
    RunQueue root;
    std::uint32_t running = kNone; // task index
    std::int64_t charged_until = 0;
    std::uint32_t nr = 0; // runnable tasks, the running one included, delayed ones not
    std::uint32_t llc = 0;
    std::uint32_t core = 0;
    std::uint32_t node = 0;
    std::uint32_t ticks = 0;
  };

  // policy.cpp
  TaskState& state(const SimTask& task);
  RunQueue& queue_of(const TaskState& state);
  void attach_task(TaskState& state, std::uint32_t cpu, bool initial);
  void detach_task(TaskState& state);
  bool charge(std::uint32_t cpu);
  [[nodiscard]] TaskState* pick_task(std::uint32_t cpu);
  bool preempts(std::uint32_t cpu, const TaskState& woken);
  void count(std::uint32_t cpu, std::int32_t by);

  // groups.cpp
  std::uint32_t group_of(const SimTask& task);
  void update_shares(std::uint32_t cpu, std::uint32_t group);
  void join_group(TaskState& state);
  void leave_group(TaskState& state);

  // balance.cpp
  std::int32_t least_loaded(const SimTask& task, std::uint32_t prev) const;
  std::int32_t idle_in_llc(const SimTask& task, std::uint32_t prev) const;
  bool pull(std::uint32_t cpu, bool idle);
  bool pull_from(std::uint32_t from, std::uint32_t cpu, std::int64_t max_weight);
  [[nodiscard]] bool is_idle(std::uint32_t cpu) const { return cpus_[cpu].nr == 0; }
  void balance_at_tick(std::uint32_t cpu);

  std::int64_t slice_ns_;       // 0: the kernel's for this number of CPUs
  std::deque<TaskState> tasks_; // by SimTask::index; entities' addresses are stable
  std::deque<CpuState> cpus_;
  std::deque<Group> groups_;          // [0]: the root; its tasks sit in CpuState::root themselves
  std::vector<std::uint32_t> llc_nr_; // runnable tasks by LLC and by core
  std::vector<std::uint32_t> core_nr_;
  std::uint32_t overloaded_ = 0; // CPUs with more than one runnable task
};

} // namespace schedrig::eevdf
