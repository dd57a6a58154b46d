// SPDX-License-Identifier: MIT
// MachineClock: host CLOCK_MONOTONIC since boot was done, without the time that the machine stood
// still: the clock that the host sees of a machine. Guest times come in through the link's
// ClockOffset. Thread: any after set.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

[[nodiscard]] inline Deadline after(std::chrono::nanoseconds time) noexcept {
  // Above a century the clock's arithmetic would overflow, and nobody waits so long.
  constexpr std::chrono::nanoseconds kForever = std::chrono::hours(24 * 365);
  return std::chrono::steady_clock::now() + std::clamp(time, std::chrono::nanoseconds(0), kForever);
}

class MachineClock {
 public:
  void start() noexcept { zero_ns_.store(host_now_ns(), std::memory_order_relaxed); }

  void reset() noexcept {
    zero_ns_.store(0, std::memory_order_relaxed);
    reached_ns_.store(0, std::memory_order_relaxed);
    stands_.store(false, std::memory_order_relaxed);
  }

  // Reads the same until it goes on.
  void stop() noexcept {
    const std::int64_t now = now_ns();
    reached_ns_.store(now, std::memory_order_relaxed);
    stands_.store(true, std::memory_order_release);
  }
  [[nodiscard]] bool stands() const noexcept { return stands_.load(std::memory_order_acquire); }
  // `stood_ns` of it did not pass.
  void go_on(std::int64_t stood_ns) noexcept {
    if (zero_ns_.load(std::memory_order_relaxed) != 0) {
      zero_ns_.fetch_add(stood_ns, std::memory_order_relaxed);
    }
    stands_.store(false, std::memory_order_release);
  }

  // 0 before start. Never less than before: what stood still is known a moment later than when.
  [[nodiscard]] std::int64_t now_ns() const noexcept {
    const std::int64_t reached = reached_ns_.load(std::memory_order_relaxed);
    return stands_.load(std::memory_order_acquire) ? reached
                                                   : std::max(reached, from_host(host_now_ns()));
  }
  [[nodiscard]] std::int64_t from_host(std::int64_t host_ns) const noexcept {
    const std::int64_t zero = zero_ns_.load(std::memory_order_relaxed);
    return zero == 0 ? 0 : host_ns - zero;
  }
  [[nodiscard]] std::int64_t from_guest(const ClockOffset& offset,
                                        std::int64_t guest_ns) const noexcept {
    return from_host(offset.to_host(guest_ns));
  }

 private:
  std::atomic<std::int64_t> zero_ns_{0};
  std::atomic<std::int64_t> reached_ns_{0}; // when it last stood still
  std::atomic<bool> stands_{false};
};

} // namespace schedrig::kvm
