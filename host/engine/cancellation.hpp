// SPDX-License-Identifier: MIT
// Cancellation: one flag that says a run is to end, and why; wakes the machine that waits.
// Set by the signal thread or the watchdog, read by the engine between and inside waits.
// Thread: any. The machine attached must be detached before it is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

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
  void attach(Machine* machine) {
    const std::scoped_lock lock(mutex_);
    machine_ = machine;
  }
  [[nodiscard]] CancelReason reason() const noexcept { return reason_; }
  [[nodiscard]] bool requested() const noexcept { return reason() != CancelReason::kNone; }

 private:
  std::mutex mutex_;
  std::atomic<CancelReason> reason_ = CancelReason::kNone;
  Machine* machine_ = nullptr;
};

} // namespace schedrig::engine
