// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <ctime>

namespace local {

// Async-signal-safe.
inline std::int64_t clock_ns(clockid_t clock = CLOCK_MONOTONIC) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace local
