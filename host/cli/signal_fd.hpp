// SPDX-License-Identifier: MIT
// SignalFd: SIGINT and SIGTERM as a descriptor that becomes readable, for callers that wait on
// descriptors. Blocks both signals in the calling thread while it lives.
#pragma once

#include <csignal>
#include <ctime>

#include <sys/signalfd.h>
#include <unistd.h>

namespace schedrig::cli {

class SignalFd {
 public:
  SignalFd() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    fd_ = signalfd(-1, &signals_, SFD_CLOEXEC);
  }
  ~SignalFd() {
    // What came and was acted on must not end the process when it is let through again.
    const timespec none{};
    while (sigtimedwait(&signals_, nullptr, &none) > 0) {
    }
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  int fd_ = -1;
};

} // namespace schedrig::cli
