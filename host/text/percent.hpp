// SPDX-License-Identifier: MIT
// Percentages: "50%", "12.5%", as a fraction of one. Thread: any.
#pragma once

#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::text {

// More than 0% and at most 100%. Digits, at most one point with digits on both sides, then "%".
[[nodiscard]] Result<double> parse_percent(std::string_view text);

} // namespace schedrig::text
