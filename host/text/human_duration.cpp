// SPDX-License-Identifier: MIT
#include "host/text/human_duration.hpp"

#include <array>
#include <cstdio>

namespace schedrig::text {

std::string human_duration(std::int64_t nanoseconds) {
  struct Unit {
    double ns;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  for (const Unit& unit : kUnits) {
    const double value = static_cast<double>(nanoseconds) / unit.ns;
    if (value >= 1) {
      std::array<char, 32> text{};
      const int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
      std::snprintf(text.data(), text.size(), "%.*f %s", digits, value, unit.name);
      return text.data();
    }
  }
  return std::to_string(nanoseconds) + " ns";
}

} // namespace schedrig::text
