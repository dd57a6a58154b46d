// SPDX-License-Identifier: MIT
// Processes of the mock machine: fork, death, reaping. A worker's child that outlives it is PID
// 1's, which reaps at once.
#include <algorithm>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

Process& MockMachine::process_of(TaskId id) {
  return *processes_.find(task_pids_[id]);
}

void MockMachine::on_task_frozen(TaskId id, bool frozen) noexcept {
  cgroups_.process_frozen(process_of(id), frozen);
}

Process* MockMachine::fork_process(const TaskParams& like, std::uint32_t cgroup) {
  TaskParams params = like;
  params.pid = cgroups_.may_fork(cgroup) ? processes_.allocate_pid() : 0;
  if (params.pid == 0) {
    return nullptr;
  }
  params.cpuset = cgroups_.at(cgroup).effective_cpus;
  const std::vector<SimGroup> groups = cgroups_.sched_groups(cgroup);
  params.groups = groups;
  const TaskId id = engine_.create_task(params);
  if (id >= task_pids_.size()) {
    task_pids_.resize(id + 1);
  }
  task_pids_[id] = params.pid;
  Process& process = processes_.add(params.pid, id, cgroup);
  cgroups_.process_added(process);
  return &process;
}

void MockMachine::on_fork(TaskId parent) noexcept {
  const Task& task = engine_.task(parent);
  const TaskParams params{.waits_for_start = false,
                          .comm = task.comm.data(),
                          .nice = task.sim.nice,
                          .policy = task.sim.policy,
                          .own = task.own,
                          .cpuset = {},
                          .groups = {}};
  if (Process* child = fork_process(params, process_of(parent).cgroup); child != nullptr) {
    child->parent = task.sim.pid;
    child->is_child = true;
    workers_.add_child(child->task, parent);
  }
}

void MockMachine::on_reap(TaskId parent) noexcept {
  reap(workers_.child_of(parent));
  workers_.reaped_child(parent);
}

void MockMachine::kill_workers(const Group& group, Nanos deadline) {
  std::vector<std::int32_t> killed;
  for (const std::int32_t pid : group.pids) {
    const Process& process = *processes_.find(pid);
    if (process.zombie) {
      continue;
    }
    if (const TaskId child = workers_.child_of(process.task); child != kNoTask) {
      killed.push_back(task_pids_[child]);
    }
    killed.push_back(pid);
  }
  for (const std::int32_t pid : killed) {
    engine_.kill_task(processes_.find(pid)->task);
  }
  run_until_dead(killed, deadline);
}

void MockMachine::reap(TaskId id) {
  engine_.reap(id);
  processes_.remove(task_pids_[id]);
}

// A worker's child has died.
void MockMachine::end_child(const Process& child) {
  if (child.parent == 1) {
    reap(child.task);
  } else {
    const TaskId parent = processes_.find(child.parent)->task;
    workers_.child_ended(parent);
    engine_.send_token(parent); // it waits, or will
  }
}

void MockMachine::on_task_dead(TaskId id) noexcept {
  Process& process = process_of(id);
  cgroups_.process_died(process);
  if (payloads_.awaits(id)) {
    awaited_ended_ = true;
    wake_ = true;
  }
  if (process.awaited) {
    process.awaited = false;
    if (--dying_ == 0) {
      wake_ = true;
    }
  }
  if (!payloads_.tasks().owns(id)) {
    workers_.leave(id);
    if (process.is_child) {
      end_child(process);
      return;
    }
    if (const TaskId child = workers_.child_of(id); child != kNoTask) {
      process_of(child).parent = 1;
      if (process_of(child).zombie) {
        reap(child);
      }
    }
  }
  if (process.orphan) {
    payloads_.tasks().remove(id);
    reap(id);
  }
}

} // namespace schedrig::mock
