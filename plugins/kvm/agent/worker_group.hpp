// SPDX-License-Identifier: MIT
// WorkerGroup: the processes of one spawn, their shared slots, and what became of each.
//
// Life: spawn (workers wait at their gates) -> start -> request_stop -> all reaped -> report.
// The group never waits: who owns the SIGCHLD descriptor does, and tells it through on_exit.
// Destruction kills what is left; reaping it stays with the owner. Thread: the agent's only one.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include <schedrig/result.hpp>
#include <schedrig/work.hpp>

#include "agent/shared_events.hpp"
#include "agent/team_state.hpp"
#include "agent/worker_slot.hpp"
#include "channel/task_messages.hpp"

namespace schedrig::agent {

class WorkerGroup {
 public:
  // Forks spec.workers processes. events outlives the group. On error
  // none is left running (the killed ones are zombies until the owner reaps). Errors:
  // kInvalidArgument (counts, ranges), kUnsupported (by the kernel), kOs.
  [[nodiscard]] static Result<std::unique_ptr<WorkerGroup>> spawn(const WorkSpec& spec,
                                                                  SharedEvents& events);
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();

  // Applies policy, nice and affinity to every worker, then opens all gates. The agent applies
  // them, not the worker: so an error is an answer to the request, and a worker in a frozen cgroup
  // has them too. On error no gate has opened.
  // Errors: kInvalidArgument (started before), kGuestFailed (a worker has died), kOs.
  [[nodiscard]] Result<> start();

  void request_stop() noexcept;
  void kill_remaining() noexcept;

  // Notes the end of a child; false when it is none of this group's. Returns true once a pid.
  [[nodiscard]] bool on_exit(pid_t pid, int wait_status, const rusage& usage) noexcept;
  [[nodiscard]] bool all_reaped() const noexcept;

  [[nodiscard]] std::vector<std::int32_t> pids() const;
  [[nodiscard]] std::uint32_t workers() const noexcept { return spec_.workers; }
  // Requires: all_reaped. One at a time: those of 4,096 workers hold 32 MiB of latencies.
  [[nodiscard]] kvm::WorkerReportMessage report(std::uint32_t index) const;
  // Whether on_exit has seen request_stop before: an end that nobody asked for is worth a notice.
  [[nodiscard]] bool stop_requested() const noexcept { return stop_requested_; }

 private:
  struct Worker {
    pid_t pid = -1;
    bool reaped = false;
    int wait_status = 0;
    std::int64_t usage_ns = 0; // user and system time, as wait4(2) gives it
    std::int64_t reaped_ns = 0;
  };

  explicit WorkerGroup(const WorkSpec& spec);
  [[nodiscard]] Result<> map_memory();
  [[nodiscard]] Result<> fork_workers(SharedEvent* events);
  [[nodiscard]] std::uint32_t teams() const noexcept { return spec_.workers / team_size_; }
  [[nodiscard]] Result<> apply_attributes(std::uint32_t index) const;

  WorkSpec spec_; // its spans point into the vectors below
  std::vector<std::uint32_t> cpus_;
  std::vector<WorkPhase> phases_;
  std::uint32_t team_size_;
  WorkerSlot* slots_ = nullptr;    // spec_.workers of them, mapped
  TeamState* teams_ = nullptr;     // mapped
  SharedEvents* events_ = nullptr; // if the group uses them
  std::vector<Worker> workers_;
  bool started_ = false;
  bool stop_requested_ = false;
};

} // namespace schedrig::agent
