// SPDX-License-Identifier: MIT
#include "host/cli/signals.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/cli/verb.hpp"

namespace schedrig::cli {

SignalThread::SignalThread() : wake_(eventfd(0, EFD_CLOEXEC)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::thread([this] { serve(); });
}

SignalThread::~SignalThread() {
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
  thread_.join();
  close(wake_);
}

void SignalThread::attach(engine::Cancellation* run) {
  const std::scoped_lock lock(mutex_);
  run_ = run;
  if (asked_ && run_ != nullptr) {
    run_->request(engine::CancelReason::kInterrupted);
  }
}

bool SignalThread::asked() const {
  const std::scoped_lock lock(mutex_);
  return asked_;
}

void SignalThread::take_signal() {
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  if (asked_ && now - asked_at_ > kSameRequest) {
    constexpr std::string_view kLast = "schedrig: verdict=error exit=130 end=interrupted\n";
    (void)!write(STDERR_FILENO, kLast.data(), kLast.size());
    _exit(kExitInterrupted);
  }
  if (!asked_) {
    asked_ = true;
    asked_at_ = now;
  }
  if (run_ != nullptr) {
    run_->request(engine::CancelReason::kInterrupted);
  }
}

void SignalThread::serve() {
  const int signals = signalfd(-1, &signals_, SFD_CLOEXEC);
  std::array<pollfd, 2> fds = {{{.fd = signals, .events = POLLIN, .revents = 0},
                                {.fd = wake_, .events = POLLIN, .revents = 0}}};
  while (poll(fds.data(), fds.size(), -1) < 0 || fds[1].revents == 0) {
    signalfd_siginfo info{};
    if (fds[0].revents != 0 && read(signals, &info, sizeof(info)) == sizeof(info)) {
      take_signal();
    }
  }
  close(signals);
}

} // namespace schedrig::cli
