// SPDX-License-Identifier: MIT
// Spawning, starting and stopping by group number.
#include "agent/group_table.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <sys/wait.h>

#include "agent/clock.hpp"

namespace schedrig::agent {
namespace {

// A grace is a courtesy; ten minutes is longer than any run of the rig may take to end.
constexpr std::int64_t kMaxGraceNs = 600'000'000'000;
// SIGKILL ends a process when it next runs; five seconds covers hundreds of spinners on one slow
// CPU. What takes longer hangs in the kernel.
constexpr std::int64_t kKillWaitNs = 5'000'000'000;

std::string describe(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* name = ::sigabbrev_np(signal);
    return "killed by SIG" + std::string(name != nullptr ? name : std::to_string(signal).c_str());
  }
  const int status = WEXITSTATUS(wait_status); // an errno: worker.hpp
  const char* const meaning = status == 0 ? nullptr : ::strerrordesc_np(status);
  return "exit status " + std::to_string(status) +
         (meaning == nullptr ? "" : " (" + std::string(meaning) + ")");
}

} // namespace

Result<WorkerGroup*> GroupTable::find(std::uint32_t group) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) {
    return fail(StatusCode::kNotFound, "no worker group " + std::to_string(group));
  }
  return found->second.get();
}

Result<kvm::SpawnReply> GroupTable::spawn(const WorkSpec& spec) {
  kvm::SpawnReply reply;
  auto group = TRY(WorkerGroup::spawn(spec, events_));
  reply.group = next_++;
  reply.pids = group->pids();
  groups_.emplace(reply.group, std::move(group));
  return reply;
}

Result<> GroupTable::start(std::uint32_t group) {
  reap(); // a worker that is dead by now is an error of the start
  return TRY(find(group))->start();
}

Result<std::unique_ptr<WorkerGroup>> GroupTable::stop(std::uint32_t group, std::int64_t grace_ns) {
  WorkerGroup* found = TRY(find(group));
  found->request_stop();
  const std::int64_t grace = std::clamp<std::int64_t>(grace_ns, 0, kMaxGraceNs);
  bool ended = wait_all_reaped(*found, monotonic_ns() + grace);
  if (!ended) {
    found->kill_remaining();
    ended = wait_all_reaped(*found, monotonic_ns() + kKillWaitNs);
  }
  auto node = groups_.extract(group);
  if (!ended) {
    return fail(StatusCode::kTimeout, "a worker of group " + std::to_string(group) +
                                          " did not end within 5 s of SIGKILL");
  }
  return std::move(node.mapped());
}

bool GroupTable::wait_all_reaped(const WorkerGroup& group, std::int64_t until_ns) {
  while (true) {
    reap();
    if (group.all_reaped()) {
      return true;
    }
    if (monotonic_ns() >= until_ns) {
      return false;
    }
    wait_(until_ns);
  }
}

void GroupTable::disown() {
  for (auto& [number, group] : groups_) {
    disowned_.push_back(std::move(group));
  }
  groups_.clear();
}

void GroupTable::reap() {
  children_.reap([this](pid_t pid, int wait_status, const rusage& usage) {
    for (const auto& group : disowned_) {
      if (group->on_exit(pid, wait_status, usage)) {
        return;
      }
    }
    for (const auto& [number, group] : groups_) {
      if (!group->on_exit(pid, wait_status, usage)) {
        continue;
      }
      if (!group->stop_requested()) {
        notice_("worker " + std::to_string(pid) + " of group " + std::to_string(number) +
                " ended by itself: " + describe(wait_status));
      }
      return;
    }
    other_exit_(pid, wait_status, usage);
  });
}

} // namespace schedrig::agent
