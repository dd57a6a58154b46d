// SPDX-License-Identifier: MIT
#include "host/text/size.hpp"

#include <array>

#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

struct Unit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<Unit, 5> kUnits = {{
    {"TiB", 40},
    {"GiB", 30},
    {"MiB", 20},
    {"KiB", 10},
    {"B", 0},
}};
constexpr std::uint64_t kMax = INT64_MAX;
constexpr std::string_view kHelp =
    "write a whole number and a unit, such as \"512MiB\"; units: B, KiB, MiB, GiB, TiB";

} // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto number = parse_leading_number(text);
  if (!number) {
    return fail(StatusCode::kInvalidArgument, quote(text) + " is not a size", std::string(kHelp));
  }
  if (number->rest.empty()) {
    return fail(StatusCode::kInvalidArgument, "size " + quote(text) + " has no unit",
                std::string(kHelp));
  }
  for (const Unit& unit : kUnits) {
    if (number->rest != unit.name) {
      continue;
    }
    if (number->value > kMax >> unit.shift) {
      return fail(StatusCode::kInvalidArgument, "size " + quote(text) + " is too large",
                  "less than 8 EiB");
    }
    return number->value << unit.shift;
  }
  return fail(StatusCode::kInvalidArgument,
              "size " + quote(text) + " has the unknown unit " + quote(number->rest),
              std::string(kHelp));
}

std::string format_size(std::uint64_t bytes) {
  if (bytes == 0) {
    return "0B";
  }
  for (const Unit& unit : kUnits) {
    if (bytes >> unit.shift << unit.shift == bytes) {
      return std::to_string(bytes >> unit.shift) + std::string(unit.name);
    }
  }
  return {};
}

} // namespace schedrig::text
