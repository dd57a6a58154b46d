// SPDX-License-Identifier: MIT
// MachineClock: host CLOCK_MONOTONIC since boot was done: the clock that the host sees of a
// machine. Guest times come in through the link's ClockOffset. Thread: any after set.
#pragma once

#include <atomic>
#include <cstdint>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

class MachineClock {
 public:
  void start() noexcept { zero_ns_.store(host_now_ns(), std::memory_order_relaxed); }

  // 0 before start.
  [[nodiscard]] std::int64_t now_ns() const noexcept { return from_host(host_now_ns()); }
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
};

} // namespace schedrig::kvm
