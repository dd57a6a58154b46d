// SPDX-License-Identifier: MIT
// RunGate: where the threads of a machine stand still together, and go on together.
//
// A thread comes to pass() whenever it has to, and stands there until the gate opens. Anyone may
// shut the gate, for all or for one; who waits for them to stand makes those that run come, by a
// kick. Knows no vCPU. Thread: any, unless it says otherwise.
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

  // Whether it is shut for all.
  [[nodiscard]] bool is_shut() const noexcept { return shut_.load(std::memory_order_acquire); }
  // [those threads] Whether to come to pass() now.
  [[nodiscard]] bool is_wanted(std::uint32_t thread) const noexcept {
    return is_shut() || places_[thread].wanted.load(std::memory_order_acquire);
  }
  // [those threads] Stands while the gate is shut. False: it closed, the thread must end.
  [[nodiscard]] bool pass(std::uint32_t thread);
  // [those threads] Never comes again; counts as standing.
  void leave(std::uint32_t thread);

  void shut();
  void open();
  // Sends all threads home, those that stand and those that will come.
  void close();

  // Shuts it for one thread until release() or `until`, whichever is first; again: the new time.
  // One that stands for this stands for who waits for all, too.
  void hold(std::uint32_t thread, Deadline until);
  void release(std::uint32_t thread);
  void release_all();
  // Time that does not count: whatever was to end by time ends so much later.
  void postpone(std::chrono::steady_clock::duration by);
  // The thread comes once, lets others have its CPU and goes on.
  void yield(std::uint32_t thread);
  // [those threads] For how long it was held since it last asked.
  [[nodiscard]] std::chrono::steady_clock::duration take_held(std::uint32_t thread);

  // Waits until that one stands, or, if it was to yield, has; false: not in time.
  [[nodiscard]] bool wait_until_stands(std::uint32_t thread, Deadline deadline,
                                       const std::function<void(std::uint32_t)>& kick);

  // Waits until all threads stand, with `kick` for each that does not, at once and, as a lost one
  // would never be noticed, now and again. The first that did not come in time, or nothing.
  // Requires a shut gate.
  [[nodiscard]] std::optional<std::uint32_t>
  wait_until_all_stand(Deadline deadline, const std::function<void(std::uint32_t)>& kick);

  // When the last one came, once all stand.
  [[nodiscard]] Deadline stood_at() const;

 private:
  struct Place {
    std::atomic<bool> wanted = false; // held, or to yield
    bool held = false;
    bool yields = false;
    Deadline until;           // if held
    Deadline since;           // since when it stands for that
    Deadline::duration sum{}; // for how long it has
  };

  void stand(std::uint32_t thread); // with mutex_, as those below
  void yield_now(std::unique_lock<std::mutex>& lock, Place& place);
  void wait_while_held(std::unique_lock<std::mutex>& lock, Place& place);
  static void let_go(Place& place, Deadline now);

  mutable std::mutex mutex_; // guards everything but the reading of shut_
  std::condition_variable stood_;
  std::condition_variable opened_;
  std::vector<bool> standing_;
  std::vector<Place> places_; // by thread
  std::uint32_t running_ = 0; // how many do not
  Deadline stood_at_;
  std::atomic<bool> shut_ = true;
  bool closed_ = false;
};

} // namespace schedrig::kvm
