// SPDX-License-Identifier: MIT
// Group: the workers of one spawn, from their fork to their report. The destructor kills and reaps
// who is left. Thread: host.
#pragma once

#include <memory>
#include <vector>

#include <sys/types.h>

#include <schedrig/result.hpp>
#include <schedrig/tasks.hpp>

#include "worker.hpp"

namespace local {

class Group {
 public:
  // All or none.
  static Result<std::unique_ptr<Group>> spawn(const WorkSpec& spec);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  [[nodiscard]] std::vector<std::int32_t> pids() const;
  Result<> start();
  // kTimeout: killed workers do not go away.
  Result<> stop(std::int64_t grace_ns);
  // After stop. Times are given from boot_ns on.
  void report(std::int64_t boot_ns, WorkerReportSink& sink) const;

 private:
  struct Process {
    pid_t pid = 0;
    bool reaped = false;
    int wait_status = 0;
    std::int64_t usage_ns = 0; // CPU time, as the kernel counted it
    std::int64_t ended_ns = 0;
  };

  Group(const WorkSpec& spec, Slot* slots);
  Result<> fork_all();
  Result<> apply_attributes(pid_t pid) const;
  bool reap() noexcept; // true: all are
  void signal_all(int signal) const noexcept;
  bool wait_until_reaped(std::int64_t until_ns, int signal) noexcept;

  WorkSpec spec_;
  std::vector<std::uint32_t> cpus_; // what spec_.cpus views
  Slot* slots_;                     // one a worker, shared with it
  std::vector<Process> processes_;
  bool started_ = false;
};

// sched_setaffinity(2). Errors: kInvalidArgument, kOs.
Result<> pin_process(std::int32_t pid, std::span<const std::uint32_t> cpus);

} // namespace local
