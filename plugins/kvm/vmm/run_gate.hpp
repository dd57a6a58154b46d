// SPDX-License-Identifier: MIT
// RunGate: where the threads of a machine stand still together, and go on together.
//
// A thread comes to pass() whenever it sees shut(), and stands there until the gate opens. Anyone
// may shut the gate; who waits for all to stand makes those that run come, by a kick. Knows no
// vCPU. Thread: any, unless it says otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace schedrig::kvm {

class RunGate {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Shut, with that many threads, all of which stand until they have passed once. Before they run.
  void reset(std::uint32_t threads);

  // [those threads] Whether to come to pass() now.
  [[nodiscard]] bool is_shut() const noexcept { return shut_.load(std::memory_order_acquire); }
  // [those threads] Stands while the gate is shut. False: it closed, the thread must end.
  [[nodiscard]] bool pass(std::uint32_t thread);
  // [those threads] Never comes again; counts as standing.
  void leave(std::uint32_t thread);

  void shut();
  void open();
  // Sends all threads home, those that stand and those that will come.
  void close();

  // Waits until all threads stand, with `kick` for each that does not, at once and, as a lost one
  // would never be noticed, now and again. The first that did not come in time, or nothing.
  // Requires a shut gate.
  [[nodiscard]] std::optional<std::uint32_t>
  wait_until_all_stand(Deadline deadline, const std::function<void(std::uint32_t)>& kick);

  // When the last one came, once all stand.
  [[nodiscard]] Deadline stood_at() const;

 private:
  void stand(std::uint32_t thread); // with mutex_

  mutable std::mutex mutex_; // guards everything but the reading of shut_
  std::condition_variable stood_;
  std::condition_variable opened_;
  std::vector<bool> standing_;
  std::uint32_t running_ = 0; // how many do not
  Deadline stood_at_;
  std::atomic<bool> shut_ = true;
  bool closed_ = false;
};

} // namespace schedrig::kvm
