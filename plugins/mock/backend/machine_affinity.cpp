// SPDX-License-Identifier: MIT
// The affinity facet of the mock machine (sched_setaffinity(), kernel/sched/syscalls.c, Linux
// 6.18): the mask asked for is kept, and holds within the cpuset.
#include <algorithm>
#include <cerrno>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

Status MockMachine::pin(std::span<const std::int32_t> pids,
                        std::span<const std::uint32_t> cpus) noexcept {
  return guard("pin", [&]() -> Status {
    if (Status status = check_up("pin"); !status.ok()) {
      return status;
    }
    if (cpus.empty() || pids.size() > kMaxPinnedProcesses ||
        std::ranges::any_of(pids, [](std::int32_t pid) { return pid < 1; })) {
      return Status::make(StatusCode::kInvalidArgument,
                          "pin: " + std::to_string(pids.size()) + " processes to " +
                              std::to_string(cpus.size()) +
                              " CPUs: at least one CPU, pids from 1 on, and at most " +
                              std::to_string(kMaxPinnedProcesses) + " processes are possible");
    }
    for (const std::int32_t pid : pids) {
      if (Status status = pin_process(pid, cpus); !status.ok()) {
        return status;
      }
    }
    return {};
  });
}

Status MockMachine::pin_process(std::int32_t pid, std::span<const std::uint32_t> cpus) {
  advance(kSyscallNs);
  const std::string what = "sched_setaffinity of pid " + std::to_string(pid) + " to " +
                           std::to_string(cpus.size()) + " CPUs from " +
                           std::to_string(cpus.front());
  const Process* const process = processes_.find(pid);
  if (process == nullptr || process->zombie) {
    return Status::make(StatusCode::kOs, what, "there is no such process", ESRCH);
  }
  CpuMask own;
  for (const std::uint32_t cpu : cpus) {
    if (cpu < engine_.cpus()) { // others are passed over
      own.set(cpu);
    }
  }
  if ((own & cgroups_.at(process->cgroup).effective_cpus).empty()) {
    return Status::make(StatusCode::kOs, what, "its cpuset has none of these CPUs", EINVAL);
  }
  if (process->task != kNoTask) { // the agent is no task of the engine
    engine_.set_affinity(process->task, own);
  }
  return {};
}

} // namespace schedrig::mock
