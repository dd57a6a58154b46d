// SPDX-License-Identifier: MIT
// SignalThread: turns SIGINT and SIGTERM into a cancellation while it lives. The first one asks
// for an orderly end, the second ends the process at once.
#pragma once

#include <csignal>
#include <thread>

#include "host/engine/cancellation.hpp"

namespace schedrig::cli {

class SignalThread {
 public:
  // Blocks both signals in the calling thread and all that it starts from now on. Call before any
  // other thread is started. `cancellation` must outlive the object.
  explicit SignalThread(engine::Cancellation& cancellation);
  ~SignalThread();

  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  void serve();

  engine::Cancellation& cancellation_;
  sigset_t signals_{};
  sigset_t before_{};
  int wake_ = -1; // eventfd: the object's end
  std::thread thread_;
};

} // namespace schedrig::cli
