// SPDX-License-Identifier: MIT
// SignalThread: turns SIGINT and SIGTERM into the cancellation of the run at hand. The first one
// asks for an orderly end of this run and of all that were to follow; a second one ends the process
// at once. Within kSameRequest both count as one: timeout(1) signals a process and its group.
#pragma once

#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

#include "host/engine/cancellation.hpp"

namespace schedrig::cli {

class SignalThread {
 public:
  static constexpr std::chrono::milliseconds kSameRequest{200}; // nobody presses ^C twice in less

  // Blocks both signals in the calling thread and all that it starts from now on, until the process
  // ends: one that comes after the last run must not take the place of its exit code. Call before
  // any other thread is started.
  SignalThread();
  ~SignalThread();

  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

  // What a signal cancels from now on; at once where one has come already. Null: no run. Must be
  // taken back before it is destroyed. Thread: host.
  void attach(engine::Cancellation* run);
  // Whether a signal has come. Thread: any.
  [[nodiscard]] bool asked() const;

 private:
  void serve();
  void take_signal();

  sigset_t signals_{};
  int wake_ = -1; // eventfd: the object's end
  mutable std::mutex mutex_;
  engine::Cancellation* run_ = nullptr;
  bool asked_ = false;
  std::chrono::steady_clock::time_point asked_at_;
  std::thread thread_;
};

// One run's cancellation, attached for as long as this lives.
class CancelledBySignal {
 public:
  CancelledBySignal(SignalThread& signals, engine::Cancellation& run) : signals_(signals) {
    signals_.attach(&run);
  }
  ~CancelledBySignal() { signals_.attach(nullptr); }
  CancelledBySignal(const CancelledBySignal&) = delete;
  CancelledBySignal& operator=(const CancelledBySignal&) = delete;

 private:
  SignalThread& signals_;
};

} // namespace schedrig::cli
