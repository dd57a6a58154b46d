// SPDX-License-Identifier: MIT
// TaskWalk: the kernel's tasks as its lists have them: the leaders behind init_task.tasks, and each
// one's threads behind signal->thread_head (include/linux/sched.h, sched/signal.h of Linux 6.18).
// The idle tasks are in no list, as in /proc.
//
// Of a machine that stands still, a walk sees each task once; of one that runs, tasks that come or
// go meanwhile may end it in an error. Thread: host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"
#include "host/kernel_view/list_walk.hpp"
#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {

// What sched_ext has of a task; of kernels that are built with it.
struct ScxFacts {
  std::uint64_t dsq = 0; // the queue's address; 0: on none
  std::optional<std::uint64_t> dsq_id;
  std::uint32_t weight = 0;
  std::uint64_t runnable_at = 0; // jiffies
  bool on_runnable_list = false; // waits in its CPU's list of runnable tasks
};

struct TaskFacts {
  std::uint64_t address = 0; // of its task_struct
  std::int32_t pid = 0;
  std::int32_t tgid = 0;
  std::string comm;
  std::uint64_t start_ns = 0; // start_boottime, without the cut to ticks of /proc
  std::uint32_t state = 0;    // __state
  std::uint32_t exit_state = 0;
  std::uint32_t flags = 0; // PF_
  std::uint32_t cpu = 0;
  std::uint32_t policy = 0; // SCHED_
  std::int32_t prio = 0;
  std::int32_t static_prio = 0; // 120 + nice
  std::string sched_class;      // the symbol at its class: "fair_sched_class"
  std::uint64_t weight = 0;     // se.load.weight
  bool on_rq = false;
  bool on_cpu = false;
  std::uint64_t queued_ns = 0; // rq clock since which it waits for a CPU; 0: it does not
  // That it may use now: of affinity and cpuset, while it may not migrate the one that it is on.
  std::vector<std::uint32_t> cpus_allowed;
  std::uint64_t cgroup = 0; // its cgroup of the default hierarchy, by address
  std::optional<ScxFacts> scx;
};

class TaskWalk {
 public:
  // kNotFound: the kernel lacks a structure that tasks have had for long.
  [[nodiscard]] static Result<TaskWalk> of(const KernelView& view);

  // The address of the task_struct with this pid, which may be a thread's. kNotFound with the
  // number of tasks there are; kBadData: a list that leads astray.
  [[nodiscard]] Result<std::uint64_t> find(std::int32_t pid);
  // Leaders in the kernel's order, each followed by its threads.
  [[nodiscard]] Result<std::vector<TaskFacts>> all();
  // Of the task_struct at `task`.
  [[nodiscard]] Result<TaskFacts> facts(std::uint64_t task);

  [[nodiscard]] StructReader& tasks() { return task_; }

 private:
  // true ends the walk.
  using Visit = std::function<Result<bool>(std::uint64_t task)>;

  TaskWalk(const KernelView& view, StructReader task, StructReader signal, std::uint64_t init_task)
      : view_(&view), memory_(view.memory()), task_(std::move(task)), signal_(std::move(signal)),
        init_task_(init_task) {}

  [[nodiscard]] Result<> walk(WalkBudget& budget, const Visit& visit);
  [[nodiscard]] std::string class_name(std::uint64_t address) const;
  [[nodiscard]] Result<std::vector<std::uint32_t>> cpus_allowed(std::uint64_t task);
  [[nodiscard]] Result<std::optional<ScxFacts>> scx_facts(std::uint64_t task);
  [[nodiscard]] Result<std::uint64_t> cgroup_of(std::uint64_t task);

  const KernelView* view_;
  KernelMemory memory_;
  StructReader task_;
  StructReader signal_;
  std::uint64_t init_task_;
};

} // namespace schedrig::kernel_view
