// SPDX-License-Identifier: MIT
#include "plugins/mock/files/processes.hpp"

#include <algorithm>

namespace schedrig::mock {
namespace {

constexpr std::int32_t kReservedPids = 300;    // RESERVED_PIDS: a wrap starts behind them
constexpr std::int32_t kPidsPerCpu = 1024;     // PIDS_PER_CPU_DEFAULT
constexpr std::int32_t kPidMaxDefault = 32768; // PID_MAX_DEFAULT

} // namespace

Processes::Processes(std::uint32_t cpus)
    : pid_max_(std::max(kPidMaxDefault, kPidsPerCpu * static_cast<std::int32_t>(cpus))) {
  add(1, kNoTask, 0);
}

std::int32_t Processes::allocate_pid() {
  for (std::int32_t tried = 0; tried < pid_max_; ++tried) {
    last_pid_ = last_pid_ + 1 < pid_max_ ? last_pid_ + 1 : kReservedPids;
    if (!by_pid_.contains(last_pid_)) {
      return last_pid_;
    }
  }
  return 0;
}

Process& Processes::add(std::int32_t pid, TaskId task, std::uint32_t cgroup) {
  return by_pid_[pid] = {.pid = pid, .task = task, .cgroup = cgroup};
}

Process* Processes::find(std::int32_t pid) {
  const auto at = by_pid_.find(pid);
  return at == by_pid_.end() ? nullptr : &at->second;
}

const Process* Processes::find(std::int32_t pid) const {
  const auto at = by_pid_.find(pid);
  return at == by_pid_.end() ? nullptr : &at->second;
}

} // namespace schedrig::mock
