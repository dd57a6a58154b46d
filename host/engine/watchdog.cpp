// SPDX-License-Identifier: MIT
#include "host/engine/watchdog.hpp"

#include <csignal>
#include <utility>

#include <unistd.h>

namespace schedrig::engine {

Watchdog::Watchdog(std::chrono::nanoseconds deadline, Cancellation& cancellation, std::string what)
    : cancellation_(cancellation), what_(std::move(what)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  // Signals belong to the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, end] { watch(end); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  ended_changed_.notify_one();
  thread_.join();
}

void Watchdog::watch(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return ended_; };
  if (ended_changed_.wait_until(lock, deadline, ended)) {
    return;
  }
  cancellation_.request(CancelReason::kDeadline);
  const Activity before = cancellation_.activity();
  if (ended_changed_.wait_until(lock, deadline + kCallbackGrace, ended)) {
    return;
  }
  const Activity after = cancellation_.activity();
  const bool in_one_callback = !before.callback.empty() && before.call == after.call;
  if (!in_one_callback && ended_changed_.wait_until(lock, deadline + kGrace, ended)) {
    return;
  }
  const Activity last = cancellation_.activity();
  end_process(last.callback.empty()
                  ? "a plugin does not return"
                  : "the scheduler's callback " + std::string(last.callback) + " does not return");
}

void Watchdog::end_process(std::string_view where) const {
  const std::string last = "schedrig: error: run \"" + what_ +
                           "\" did not end after its deadline: " + std::string(where) +
                           "\n  help: gdb -p and the process's id, before that, shows where it is\n"
                           "schedrig: verdict=error exit=124 end=deadline\n";
  (void)!write(STDERR_FILENO, last.data(), last.size());
  _exit(124);
}

} // namespace schedrig::engine
