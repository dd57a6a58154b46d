// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/payloads.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <sys/wait.h>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

Status check_spec(const PayloadSpec& spec) {
  const auto too_long = [](std::string_view arg) { return arg.size() > kMaxPayloadArgBytes; };
  if (spec.args.size() > kMaxPayloadArgs || std::ranges::any_of(spec.args, too_long) ||
      too_long(spec.binary)) {
    return Status::make(StatusCode::kInvalidArgument,
                        "payload \"" + std::string(spec.name) + "\" has " +
                            std::to_string(spec.args.size()) + " arguments, or a long one",
                        "up to " + std::to_string(kMaxPayloadArgs) + " of " +
                            std::to_string(kMaxPayloadArgBytes) + " bytes each are possible");
  }
  return {};
}

} // namespace

MachinePayloads::MachinePayloads(MockMachine& machine, Programs programs)
    : machine_(machine), programs_(std::move(programs)) {}

Status MachinePayloads::find(std::uint32_t payload, std::string_view what, Payload** out) {
  if (Status status = machine_.check_up(what); !status.ok()) {
    return status;
  }
  if (payload >= payloads_.size() || !payloads_[payload].used) {
    return Status::make(StatusCode::kNotFound,
                        std::string(what) + ": there is no payload " + std::to_string(payload));
  }
  *out = &payloads_[payload];
  return {};
}

Process& MachinePayloads::process(const Payload& payload) {
  return *machine_.processes_.find(payload.pid);
}

Status MachinePayloads::spawn(const PayloadSpec& spec, std::uint32_t* out,
                              std::int32_t* pid) noexcept {
  return guard("spawn payload", [&]() -> Status {
    if (Status status = machine_.check_up("spawn payload"); !status.ok()) {
      return status;
    }
    if (Status status = check_spec(spec); !status.ok()) {
      return status;
    }
    Payload payload;
    if (Status status = programs_.execute(spec.binary, spec.args, &payload.execution);
        !status.ok()) {
      return status;
    }
    TaskParams params;
    params.comm = spec.binary.substr(spec.binary.rfind('/') + 1);
    params.own = CpuMask::first_n(machine_.engine_.cpus());
    machine_.advance(kForkNs);
    // A child starts in its parent's cgroup: the agent's.
    const Process* process = machine_.fork_process(params, machine_.processes_.find(1)->cgroup);
    if (process == nullptr) {
      return Status::make(StatusCode::kOs, "spawn: fork: no free pid", {}, EAGAIN);
    }
    payload.pid = process->pid;
    tasks_.add(process->task, payload.execution);
    payload.used = true;
    const auto free = std::ranges::find(payloads_, false, &Payload::used);
    *out = static_cast<std::uint32_t>(free - payloads_.begin());
    *pid = payload.pid;
    if (free == payloads_.end()) {
      payloads_.push_back(std::move(payload));
    } else {
      *free = std::move(payload);
    }
    return {};
  });
}

Status MachinePayloads::start(std::uint32_t index) noexcept {
  return guard("start payload", [&]() -> Status {
    Payload* payload = nullptr;
    if (Status status = find(index, "start payload", &payload); !status.ok()) {
      return status;
    }
    if (payload->started) {
      return Status::make(StatusCode::kInvalidArgument,
                          "start payload: " + std::to_string(index) + " was started before");
    }
    payload->started = true;
    machine_.advance(kSyscallNs);
    if (const Process& each = process(*payload); !each.zombie) {
      machine_.engine_.send_token(each.task);
    }
    return {};
  });
}

Status MachinePayloads::wait(std::uint32_t index, std::int64_t deadline_ns,
                             PayloadWake* why) noexcept {
  return guard("wait for a payload", [&]() -> Status {
    Payload* payload = nullptr;
    if (Status status = find(index, "wait for a payload", &payload); !status.ok()) {
      return status;
    }
    const Process& each = process(*payload);
    awaited_ = each.task;
    WakeReason reason = WakeReason::kDeadline;
    Status status;
    if (!each.zombie) {
      status = machine_.wait_until(deadline_ns, &reason);
    }
    awaited_ = kNoTask;
    *why = each.zombie                          ? PayloadWake::kExited
           : reason == WakeReason::kInterrupted ? PayloadWake::kInterrupted
           : machine_.clock() >= deadline_ns    ? PayloadWake::kDeadline
                                                : PayloadWake::kEvent;
    return status;
  });
}

Status MachinePayloads::collect(std::uint32_t index, PayloadReportSink& sink) noexcept {
  return guard("collect payload", [&]() -> Status {
    Payload* payload = nullptr;
    if (Status status = find(index, "collect payload", &payload); !status.ok()) {
      return status;
    }
    if (!process(*payload).zombie) {
      return Status::make(StatusCode::kInvalidArgument,
                          "collect payload: pid " + std::to_string(payload->pid) + " still runs",
                          "wait for it or kill it first");
    }
    report(*payload, sink);
    reap(*payload);
    return {};
  });
}

Status MachinePayloads::kill(std::uint32_t index, PayloadReportSink& sink) noexcept {
  return guard("kill payload", [&]() -> Status {
    Payload* payload = nullptr;
    if (Status status = find(index, "kill payload", &payload); !status.ok()) {
      return status;
    }
    machine_.advance(kSyscallNs);
    if (Status status = kill_and_wait(*payload); !status.ok()) {
      return status;
    }
    report(*payload, sink);
    reap(*payload);
    return {};
  });
}

Status MachinePayloads::kill_and_wait(const Payload& payload) {
  const Process& each = process(payload);
  if (!each.zombie) {
    machine_.engine_.kill_task(each.task);
    machine_.run_until_dead({payload.pid}, machine_.engine_.now() + kKillDeadlineNs);
  }
  if (!each.zombie) {
    return Status::make(StatusCode::kInternal,
                        "kill payload: pid " + std::to_string(payload.pid) + " survived SIGKILL");
  }
  return {};
}

void MachinePayloads::report(const Payload& payload, PayloadReportSink& sink) {
  const Task& task = machine_.engine_.task(process(payload).task);
  PayloadReport report;
  report.pid = payload.pid;
  report.wait_status = task.wait_status;
  if (task.started) {
    report.started_ns = task.started_at - machine_.booted_at_;
    report.cpu_ns = task.sim.sum_exec_ns - task.exec_at_start;
  }
  report.ended_ns = task.ended_at - machine_.booted_at_;
  const std::string_view out = payload.execution.stdout_text;
  const std::string_view err = payload.execution.stderr_text;
  if (WIFEXITED(task.wait_status) && task.started) {
    report.stdout_text = out.substr(0, kMaxPayloadStdout);
    report.stdout_truncated = out.size() > kMaxPayloadStdout ? 1 : 0;
    report.stderr_text =
        err.substr(err.size() - std::min<std::size_t>(err.size(), kMaxPayloadStderr));
    report.stderr_truncated = err.size() > kMaxPayloadStderr ? 1 : 0;
  }
  sink.on_report(report);
}

void MachinePayloads::reap(Payload& payload) {
  const TaskId task = process(payload).task;
  machine_.engine_.reap(task);
  tasks_.remove(task);
  machine_.processes_.remove(payload.pid);
  payload = {};
}

void MachinePayloads::restore(const PayloadTasks& tasks) {
  tasks_ = tasks;
  payloads_.clear();
  awaited_ = kNoTask;
}

void MachinePayloads::discard_all() {
  for (Payload& payload : payloads_) {
    if (payload.used && kill_and_wait(payload).ok()) {
      reap(payload);
    }
  }
}

} // namespace schedrig::mock
