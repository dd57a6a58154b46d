// SPDX-License-Identifier: MIT
// Durations: "200ms". A whole number and a unit (ns, us, ms, s, min, h), in nanoseconds.
// Fractions are refused: "1500ms" says the same as "1.5s" and has one spelling. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::text {

// kInvalidArgument: no number, no or unknown unit, more than 2^63-1 ns (292 years). help says how
// to write it.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);

// The shortest spelling that parse_duration reads back: 1500000000 is "1500ms". Requires: >= 0.
[[nodiscard]] std::string format_duration(std::int64_t nanoseconds);

} // namespace schedrig::text
