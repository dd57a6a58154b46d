// SPDX-License-Identifier: MIT
#include "host/text/number.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace schedrig::text {

std::string three_digits(double value) {
  constexpr double kMillion = 1e6; // below it whole numbers are shown in full
  std::array<char, 32> text{};
  const bool whole = std::fabs(value) >= 100 && std::fabs(value) < kMillion;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.3g", value);
  return text.data();
}

} // namespace schedrig::text
