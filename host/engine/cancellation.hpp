// SPDX-License-Identifier: MIT
// Cancellation: one flag that says a run is to end, and why; wakes the machine that waits.
// Set by the signal thread or the watchdog, read by the engine between and inside waits.
// Thread: any. The machine attached must be detached before it is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <schedrig/activity.hpp>
#include <schedrig/backend.hpp>

namespace schedrig::engine {

enum class CancelReason : std::uint32_t { kNone = 0, kInterrupted, kDeadline };

class Cancellation {
 public:
  // The first reason wins. Wakes the machine every time.
  void request(CancelReason reason) {
    const std::scoped_lock lock(mutex_);
    if (reason_ == CancelReason::kNone) {
      reason_ = reason;
    }
    if (machine_ != nullptr) {
      machine_->interrupt();
    }
  }
  // Thread: host.
  void attach(Machine* machine) {
    auto* activity = machine == nullptr ? nullptr : query<ActivityFacet>(*machine);
    const std::scoped_lock lock(mutex_);
    machine_ = machine;
    activity_ = activity;
  }
  // What of a plugin's code the machine is in; nothing where it does not tell.
  [[nodiscard]] Activity activity() {
    Activity now;
    const std::scoped_lock lock(mutex_);
    if (activity_ != nullptr) {
      activity_->activity(&now);
    }
    return now;
  }
  [[nodiscard]] CancelReason reason() const noexcept { return reason_; }
  [[nodiscard]] bool requested() const noexcept { return reason() != CancelReason::kNone; }

 private:
  std::mutex mutex_;
  std::atomic<CancelReason> reason_ = CancelReason::kNone;
  Machine* machine_ = nullptr;
  ActivityFacet* activity_ = nullptr;
};

} // namespace schedrig::engine
