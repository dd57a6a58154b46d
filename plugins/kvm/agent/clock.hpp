// SPDX-License-Identifier: MIT
// The agent's clock reads, nanoseconds. Thread: any; async-signal-safe.
#pragma once

#include <cstdint>
#include <ctime>

namespace schedrig::agent {

[[nodiscard]] inline std::int64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

[[nodiscard]] inline std::int64_t monotonic_ns() noexcept {
  return clock_ns(CLOCK_MONOTONIC);
}

} // namespace schedrig::agent
