// SPDX-License-Identifier: MIT
// Eevdf: the kernel's default scheduler as a simulation policy (kernel/sched/fair.c, Linux 6.18).
//
// Modelled: per-CPU queues, lag, eligibility, deadlines, slices and their protection, delayed
// dequeue of tasks, wake-up preemption, nested task groups with cpu.weight shared out over CPUs by
// load, wake affinity, choice of an idle CPU in the LLC at wake-up, of the least loaded one at
// fork, pulling when a CPU goes idle, balancing at ticks.
// Not modelled: delayed dequeue of groups, moving a running task (active balance), buddies,
// SMT-capacity, NUMA balancing, PELT averages (loads are sums of weights). cpu.max is the machine's
// business, for every policy alike.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <schedrig/sim_policy_adapter.hpp>

#include "plugins/schedulers/eevdf/run_queue.hpp"

namespace schedrig::eevdf {

[[nodiscard]] inline bool may_run_on(const SimTask& task, std::uint32_t cpu) {
  return cpu / 64 < task.cpus_allowed.size() &&
         ((task.cpus_allowed[cpu / 64] >> (cpu % 64)) & 1U) != 0;
}

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
    // Links in CpuState::first_runnable.. by task index.
    std::uint32_t next = kNone;
    std::uint32_t prev = kNone;
    // wake_wide(): how often it wakes another task than the last time; halved every second.
    std::uint32_t wakee_flips = 0;
    std::uint32_t last_wakee = kNone;
    std::int64_t flips_since = 0;
  };
  // A task group's part on one CPU: its queue, and its entity in the parent's queue there.
  struct GroupCpu {
    RunQueue queue;
    Entity entity;
  };
  struct Group {
    std::uint64_t cgroup_id = 0; // 0: the slot is free
    std::uint32_t parent = kRootGroup;
    std::uint32_t depth = 0; // of the root: 0
    std::uint32_t users = 0; // tasks and child groups
    std::int64_t shares = kNice0Weight;
    std::int64_t load = 0;      // of its queues, over all CPUs
    std::vector<GroupCpu> cpus; // never resized: the queues hold pointers to the entities
  };
  struct CpuState {
    std::uint32_t running = kNone; // task index
    std::int64_t charged_until = 0;
    bool gives_way = false; // the running task should, at the next tick (RESCHED_LAZY)
    std::uint32_t nr = 0;   // runnable tasks, the running one included, delayed ones not
    // Of these, linked through TaskState; cfs_tasks of struct rq: latest first.
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    std::uint32_t llc = 0;
    std::uint32_t core = 0;
    std::uint32_t node = 0;
    std::uint32_t ticks = 0;
  };
  struct Llc {
    std::vector<std::uint32_t> cpus; // ascending
    std::uint32_t runnable = 0;      // tasks
    std::uint32_t idle = 0;          // CPUs without one
  };

  // policy.cpp
  TaskState& state(const SimTask& task);
  [[nodiscard]] RunQueue& queue(std::uint32_t group, std::uint32_t cpu) {
    return groups_[group].cpus[cpu].queue;
  }
  [[nodiscard]] RunQueue& queue_of(const TaskState& state) { return queue(state.group, state.cpu); }
  [[nodiscard]] RunQueue& root(std::uint32_t cpu) { return queue(kRootGroup, cpu); }
  void attach_task(TaskState& state, std::uint32_t cpu, bool initial);
  void detach_task(TaskState& state, bool sleep = false);
  void charge(std::uint32_t cpu);
  [[nodiscard]] TaskState* pick_task(std::uint32_t cpu);
  bool preempts(std::uint32_t cpu, const TaskState& woken);
  void put_running(std::uint32_t cpu);
  void link(TaskState& state);
  void unlink(TaskState& state);

  // groups.cpp
  std::uint32_t group_of(const SimTask& task);
  std::uint32_t make_group(std::uint32_t parent, std::uint64_t cgroup_id);
  void join_group(TaskState& state, std::uint32_t group);
  void drop_group(std::uint32_t group);
  void reweight(std::uint32_t group, std::uint32_t cpu, Entity& entity, std::int64_t weight);
  void update_shares(std::uint32_t cpu, std::uint32_t group);
  void enqueue_on_groups(TaskState& state, bool initial);
  void dequeue_from_groups(TaskState& state, bool sleep);

  // placement.cpp
  std::int32_t least_loaded(const SimTask& task, std::uint32_t prev) const;
  std::int32_t idle_in_llc(const SimTask& task, std::uint32_t target, std::uint32_t prev) const;
  std::uint32_t wake_affine(const TaskState& woken, std::uint32_t prev, bool sync);
  bool wakes_many(TaskState& waker, const TaskState& woken);
  [[nodiscard]] bool is_idle(std::uint32_t cpu) const { return cpus_[cpu].nr == 0; }
  [[nodiscard]] std::int64_t load_of(std::uint32_t cpu) const {
    return groups_[kRootGroup].cpus[cpu].queue.load();
  }

  // balance.cpp
  bool pull(std::uint32_t cpu, bool idle);
  bool pull_from(std::uint32_t from, std::uint32_t cpu, std::int64_t max_weight);
  void balance_at_tick(std::uint32_t cpu);

  std::int64_t slice_ns_;       // 0: the kernel's for this number of CPUs
  std::deque<TaskState> tasks_; // by SimTask::index; entities' addresses are stable
  std::vector<CpuState> cpus_;
  std::deque<Group> groups_; // [0]: the root
  std::vector<Llc> llcs_;
  std::vector<std::uint32_t> core_nr_; // runnable tasks by core
  std::uint32_t overloaded_ = 0;       // CPUs with more than one runnable task
  std::uint32_t idle_ = 0;             // CPUs with none
};

} // namespace schedrig::eevdf
