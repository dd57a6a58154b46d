// SPDX-License-Identifier: MIT
// The tasks facet of the mock machine: groups of workers as processes of the simulation.
#include <algorithm>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

std::uint32_t kernel_policy(SchedClass policy) {
  switch (policy) {
  case SchedClass::kBatch:
    return 3; // SCHED_BATCH
  case SchedClass::kIdle:
    return 5; // SCHED_IDLE
  case SchedClass::kNormal:
    break;
  }
  return 0;
}

} // namespace

Status MockMachine::group_of(std::uint32_t group, std::string_view what, Group** out) {
  if (Status status = check_up(what); !status.ok()) {
    return status;
  }
  if (group >= groups_.size() || !groups_[group].used || groups_[group].orphaned) {
    return Status::make(StatusCode::kNotFound,
                        std::string(what) + ": there is no worker group " + std::to_string(group));
  }
  *out = &groups_[group];
  return {};
}

Status MockMachine::spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept {
  return guard("spawn", [&] { return spawn_group(spec, group, pids); });
}

Status MockMachine::spawn_group(const WorkSpec& spec, std::uint32_t* out, PidSink& pids) {
  if (Status status = check_up("spawn"); !status.ok()) {
    return status;
  }
  if (Status status = check_work(spec, engine_.cpus()); !status.ok()) {
    return status;
  }
  const auto free =
      std::find_if(groups_.begin(), groups_.end(), [](const Group& each) { return !each.used; });
  const auto index = static_cast<std::uint32_t>(free - groups_.begin());
  if (free == groups_.end()) {
    groups_.emplace_back();
  }
  Group& group = groups_[index];
  group = {};
  group.used = true;
  group.cpus.assign(spec.cpus.begin(), spec.cpus.end());
  workers_.add_group(index, spec);

  TaskParams params;
  params.comm = work_type_info(spec.type).name;
  params.nice = spec.nice;
  params.policy = kernel_policy(spec.policy);
  params.own = CpuMask::first_n(engine_.cpus());
  for (std::uint32_t worker = 0; worker < spec.workers; ++worker) {
    // A child starts in its parent's cgroup: the agent's.
    const std::uint32_t cgroup = processes_.find(1)->cgroup;
    advance(kForkNs);
    const Process* process = fork_process(params, cgroup);
    if (process == nullptr) {
      discard(group);
      return Status::make(StatusCode::kOs, "spawn: fork: no free pid", {}, EAGAIN);
    }
    workers_.add(process->task, index, worker);
    engine_.set_working_set(process->task, Workers::working_set_bytes(spec));
    group.pids.push_back(process->pid);
  }
  for (std::uint32_t worker = 0; worker < spec.workers; ++worker) {
    pids.on_pid(worker, group.pids[worker]);
  }
  *out = index;
  return {};
}

Status MockMachine::start(std::uint32_t index) noexcept {
  return guard("start", [&]() -> Status {
    Group* group = nullptr;
    if (Status status = group_of(index, "start", &group); !status.ok()) {
      return status;
    }
    if (group->started) {
      return Status::make(StatusCode::kInvalidArgument,
                          "start: worker group " + std::to_string(index) + " was started before");
    }
    if (!group->cpus.empty()) {
      for (const std::int32_t pid : group->pids) {
        if (Status status = pin_process(pid, group->cpus); !status.ok()) {
          return status;
        }
      }
    }
    group->started = true;
    for (const std::int32_t pid : group->pids) {
      advance(kSyscallNs);
      if (const Process* process = processes_.find(pid); !process->zombie) {
        engine_.send_token(process->task);
      }
    }
    return {};
  });
}

Status MockMachine::stop(std::uint32_t index, std::int64_t grace_ns,
                         WorkerReportSink& sink) noexcept {
  return guard("stop", [&]() -> Status {
    Group* group = nullptr;
    if (Status status = group_of(index, "stop", &group); !status.ok()) {
      return status;
    }
    return stop_group(*group, grace_ns, sink);
  });
}

void MockMachine::run_until_dead(const std::vector<std::int32_t>& pids, Nanos deadline) {
  dying_ = 0;
  for (const std::int32_t pid : pids) {
    Process* process = processes_.find(pid);
    if (process != nullptr && !process->zombie) { // PID 1 reaps orphans at once
      process->awaited = true;
      ++dying_;
    }
  }
  while (dying_ > 0 && engine_.now() < deadline) {
    wake_ = false; // events and interrupts stay noted in their own flags
    engine_.run_until(deadline, wake_);
  }
  for (const std::int32_t pid : pids) {
    if (Process* process = processes_.find(pid); process != nullptr) {
      process->awaited = false;
    }
  }
  rearm_wake();
  clock_ = clock();
}

Status MockMachine::stop_group(Group& group, std::int64_t grace_ns, WorkerReportSink& sink) {
  for (const std::int32_t pid : group.pids) {
    engine_.request_stop(processes_.find(pid)->task);
  }
  run_until_dead(group.pids, engine_.now() + std::max<std::int64_t>(grace_ns, 0));
  kill_workers(group, engine_.now() + kKillDeadlineNs);
  for (std::uint32_t worker = 0; worker < group.pids.size(); ++worker) {
    const Process& process = *processes_.find(group.pids[worker]);
    if (!process.zombie) {
      return Status::make(StatusCode::kInternal,
                          "stop: pid " + std::to_string(process.pid) + " survived SIGKILL");
    }
    report_worker(worker, process, sink);
  }
  discard(group);
  return {};
}

void MockMachine::report_worker(std::uint32_t worker, const Process& process,
                                WorkerReportSink& sink) {
  const Task& task = engine_.task(process.task);
  const std::vector<std::uint32_t> cpus = list_of(task.cpus_used);
  std::array<Gap, kGapsPerWorker> gaps = task.gaps;
  for (Gap& gap : gaps) {
    gap.start_ns -= booted_at_;
  }
  WorkerReport report;
  report.worker = worker;
  report.pid = process.pid;
  report.completed = task.wait_status == 0 ? 1 : 0;
  report.wait_status = task.wait_status;
  report.work_units = static_cast<std::uint64_t>(task.progress / kUnitNs);
  report.iterations = workers_.iterations(process.task, task);
  if (task.started) {
    report.migrations = task.migrations;
    report.cpu_ns = task.sim.sum_exec_ns - task.exec_at_start;
    report.wall_ns = task.ended_at - task.started_at;
    report.run_delay_ns = task.run_delay;
    report.cpus_used = cpus;
    report.gaps = std::span(gaps).first(task.gap_count);
    report.wake_latencies_ns = task.wake_latencies;
    report.wakeups = task.wakeups;
  }
  sink.on_report(report);
}

// Kills what lives and reaps all; without a report.
void MockMachine::discard(Group& group) {
  kill_workers(group, engine_.now() + kKillDeadlineNs);
  for (const std::int32_t pid : group.pids) {
    if (const Process* process = processes_.find(pid); process->zombie) {
      reap(process->task);
    }
  }
  group = {};
}

} // namespace schedrig::mock
