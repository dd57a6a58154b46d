// SPDX-License-Identifier: MIT
// ClockOffset: how far the guest's CLOCK_MONOTONIC is ahead of the host's, with an error bound.
//
// Each round trip bounds the offset from both sides, because a request is received after it was
// sent: received - asked >= offset >= sent - answered. Bounds of several round trips intersect.
// Between them both sides widen by kMaxDriftPpm of the time that passed, so an old bound never
// claims more than is known. Units: nanoseconds. Thread: host thread.
#pragma once

#include <cstdint>
#include <optional>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// Both clocks count the same TSC; what remains is calibration and the host's time daemon, which
// may slew by 500 ppm (adjtimex(2), MAXFREQ).
inline constexpr std::int64_t kMaxDriftPpm = 500;

class ClockOffset {
 public:
  // asked_ns, answered_ns: host clock when the request was sent and its answer had arrived.
  // Bounds that exclude all earlier ones replace them (the guest was stopped, or lies).
  // False, and no change: the stamps contradict themselves.
  bool update(std::int64_t asked_ns, const ClockStamps& guest, std::int64_t answered_ns) noexcept;

  // The guest's clock stood still for so long while the host's went on. Guest times of before
  // become host times that lie so much later: MachineClock, which stood still as well, takes it
  // back.
  void guest_stood(std::int64_t ns) noexcept;

  // Guest time to host time; the guest's own value while nothing is known.
  [[nodiscard]] std::int64_t to_host(std::int64_t guest_ns) const noexcept;
  // Half the distance of the bounds at that host time; nothing before the first round trip.
  [[nodiscard]] std::optional<std::int64_t> error_ns(std::int64_t host_ns) const noexcept;

 private:
  bool known_ = false;
  std::int64_t lower_ = 0;
  std::int64_t upper_ = 0;
  std::int64_t at_ns_ = 0; // host time of the bounds
};

} // namespace schedrig::kvm
