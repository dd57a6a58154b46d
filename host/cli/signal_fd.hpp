// SPDX-License-Identifier: MIT
// SignalFd: SIGINT and SIGTERM as a descriptor that becomes readable, for callers that wait on
// descriptors. Blocks both signals in the calling thread while it lives.
#pragma once

#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

namespace schedrig::cli {

class SignalFd {
 public:
  SignalFd() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
    fd_ = signalfd(-1, &signals, SFD_CLOEXEC);
  }
  ~SignalFd() {
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

} // namespace schedrig::cli
