// SPDX-License-Identifier: MIT
// Durations for people to read: three digits and a unit. Thread: any.
#pragma once

#include <cstdint>
#include <string>

namespace schedrig::text {

// "1.25 s", "12.3 ms", "4.00 us", "7 ns". Requires: >= 0.
[[nodiscard]] std::string human_duration(std::int64_t nanoseconds);

} // namespace schedrig::text
