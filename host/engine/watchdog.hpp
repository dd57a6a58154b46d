// SPDX-License-Identifier: MIT
// Watchdog: the run's deadline in host time, on a thread of its own. When it passes, the run is
// cancelled; when the run has not ended then - a plugin that never returns - the process ends with
// exit code 124, which the kernel turns into the end of everything that it owned. A machine that
// tells of its callbacks (activity.hpp) gets kCallbackGrace for one of them, any other kGrace.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "host/engine/cancellation.hpp"

namespace schedrig::engine {

class Watchdog {
 public:
  // Longer than the bounded waits that may lie behind each other: a request that a guest does not
  // answer (30 s), and a teardown (stopping workers, 5 s, and shutting down).
  static constexpr std::chrono::seconds kGrace{60};
  // A callback is some microseconds of work.
  static constexpr std::chrono::seconds kCallbackGrace{2};

  // `what` names the run in the last message. `cancellation` must outlive the watchdog.
  Watchdog(std::chrono::nanoseconds deadline, Cancellation& cancellation, std::string what);
  ~Watchdog(); // ends the thread; the run has ended

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch(std::chrono::steady_clock::time_point deadline);
  [[noreturn]] void end_process(std::string_view where) const;

  Cancellation& cancellation_;
  std::string what_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace schedrig::engine
