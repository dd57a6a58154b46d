// SPDX-License-Identifier: MIT
// ChildWatch: SIGCHLD as a descriptor, and reaping. Knows no groups: it reports pids.
//
// Blocks SIGCHLD and SIGUSR1 for this process and, by inheritance, its children until they say
// otherwise: a worker is asked to stop by SIGUSR1 and must not die of it before it listens.
#pragma once

#include <functional>

#include <sys/resource.h>
#include <sys/types.h>

#include <schedrig/result.hpp>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {

class ChildWatch {
 public:
  [[nodiscard]] static Result<ChildWatch> create();

  // Readable when a child may have ended.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Reaps every child that has ended, orphans that came to PID 1 included.
  void reap(const std::function<void(pid_t, int wait_status, const rusage&)>& on_exit);

 private:
  explicit ChildWatch(kvm::UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  kvm::UniqueFd fd_;
};

} // namespace schedrig::agent
