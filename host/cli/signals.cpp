// SPDX-License-Identifier: MIT
#include "host/cli/signals.hpp"

#include <array>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace schedrig::cli {

SignalThread::SignalThread(engine::Cancellation& cancellation)
    : cancellation_(cancellation), wake_(eventfd(0, EFD_CLOEXEC)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread([this] { serve(); });
}

SignalThread::~SignalThread() {
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
  thread_.join();
  close(wake_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalThread::serve() {
  const int signals = signalfd(-1, &signals_, SFD_CLOEXEC);
  std::array<pollfd, 2> fds = {{{.fd = signals, .events = POLLIN, .revents = 0},
                                {.fd = wake_, .events = POLLIN, .revents = 0}}};
  while (poll(fds.data(), fds.size(), -1) < 0 || fds[1].revents == 0) {
    signalfd_siginfo info{};
    if (fds[0].revents == 0 || read(signals, &info, sizeof(info)) != sizeof(info)) {
      continue;
    }
    if (cancellation_.requested()) {
      _exit(130); // asked twice
    }
    cancellation_.request(engine::CancelReason::kInterrupted);
  }
  close(signals);
}

} // namespace schedrig::cli
