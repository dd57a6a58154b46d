// SPDX-License-Identifier: MIT
// SIGCHLD through signalfd(2), reaping through wait4(2).
#include "agent/child_watch.hpp"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace schedrig::agent {

Result<ChildWatch> ChildWatch::create() {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGCHLD);
  ::sigaddset(&blocked, SIGUSR1);
  if (::sigprocmask(SIG_BLOCK, &blocked, nullptr) != 0) {
    return fail_errno(errno, "sigprocmask");
  }
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  kvm::UniqueFd fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) {
    return fail_errno(errno, "signalfd");
  }
  return ChildWatch(std::move(fd));
}

void ChildWatch::reap(const std::function<void(pid_t, int, const rusage&)>& on_exit) {
  // One SIGCHLD may stand for many children: empty the descriptor, then reap until none is left.
  signalfd_siginfo info[16];
  while (::read(fd_.get(), info, sizeof info) > 0) {
  }
  int wait_status = 0;
  rusage usage{};
  while (true) {
    const pid_t pid = ::wait4(-1, &wait_status, WNOHANG, &usage);
    if (pid <= 0) {
      return;
    }
    on_exit(pid, wait_status, usage);
  }
}

} // namespace schedrig::agent
