// SPDX-License-Identifier: MIT
// Interval arithmetic on clock stamps.
#include "backend/clock_offset.hpp"

#include <algorithm>

namespace schedrig::kvm {
namespace {

// 2^61 ns are 73 years: sums of two such values cannot overflow.
constexpr std::int64_t kMaxClockNs = std::int64_t{1} << 61;

bool plausible(std::int64_t ns) noexcept {
  return ns >= 0 && ns <= kMaxClockNs;
}

std::int64_t widening(std::int64_t elapsed_ns) noexcept {
  return std::max<std::int64_t>(elapsed_ns, 0) / 1'000'000 * kMaxDriftPpm;
}

} // namespace

bool ClockOffset::update(std::int64_t asked_ns, const ClockStamps& guest,
                         std::int64_t answered_ns) noexcept {
  if (!plausible(guest.received_ns) || !plausible(guest.sent_ns) ||
      guest.sent_ns < guest.received_ns || answered_ns < asked_ns) {
    return false;
  }
  const std::int64_t upper = guest.received_ns - asked_ns;
  const std::int64_t lower = guest.sent_ns - answered_ns;
  if (lower > upper) {
    return false; // took longer in the guest than on the host
  }
  if (known_) {
    const std::int64_t wider = widening(answered_ns - at_ns_);
    lower_ = std::max(lower, lower_ - wider);
    upper_ = std::min(upper, upper_ + wider);
  }
  if (!known_ || lower_ > upper_) {
    lower_ = lower;
    upper_ = upper;
  }
  known_ = true;
  at_ns_ = answered_ns;
  return true;
}

void ClockOffset::guest_stood(std::int64_t ns) noexcept {
  lower_ -= ns;
  upper_ -= ns;
}

std::int64_t ClockOffset::to_host(std::int64_t guest_ns) const noexcept {
  if (!plausible(guest_ns)) {
    return 0;
  }
  return guest_ns - (lower_ + (upper_ - lower_) / 2);
}

std::optional<std::int64_t> ClockOffset::error_ns(std::int64_t host_ns) const noexcept {
  if (!known_) {
    return std::nullopt;
  }
  return (upper_ - lower_) / 2 + widening(host_ns - at_ns_);
}

} // namespace schedrig::kvm
