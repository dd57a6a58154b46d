// SPDX-License-Identifier: MIT
#include "host/text/duration.hpp"

#include <array>
#include <limits>

#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<Unit, 6> kUnits = {{
    {"h", 3'600'000'000'000},
    {"min", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};
constexpr std::string_view kHelp =
    "write a whole number and a unit, such as \"200ms\"; units: ns, us, ms, s, min, h";

} // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  const auto number = parse_leading_number(text);
  if (!number) {
    return fail(StatusCode::kInvalidArgument, quote(text) + " is not a duration",
                std::string(kHelp));
  }
  if (number->rest.empty()) {
    return fail(StatusCode::kInvalidArgument, "duration " + quote(text) + " has no unit",
                std::string(kHelp));
  }
  for (const Unit& unit : kUnits) {
    if (number->rest != unit.name) {
      continue;
    }
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number->value > kMax / unit.nanoseconds) {
      return fail(StatusCode::kInvalidArgument, "duration " + quote(text) + " is too long",
                  "at most 292 years");
    }
    return static_cast<std::int64_t>(number->value * unit.nanoseconds);
  }
  return fail(StatusCode::kInvalidArgument,
              "duration " + quote(text) + " has the unknown unit " + quote(number->rest),
              std::string(kHelp));
}

std::string format_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) {
    return "0s";
  }
  const auto value = static_cast<std::uint64_t>(nanoseconds);
  for (const Unit& unit : kUnits) {
    if (value % unit.nanoseconds == 0) {
      return std::to_string(value / unit.nanoseconds) + std::string(unit.name);
    }
  }
  return {};
}

} // namespace schedrig::text
