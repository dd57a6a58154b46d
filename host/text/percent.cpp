// SPDX-License-Identifier: MIT
#include "host/text/percent.hpp"

#include <algorithm>
#include <charconv>

#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

Result<double> parse_percent(std::string_view text) {
  constexpr std::size_t kLongest = 32; // more digits than a double tells apart
  const std::string_view number = text.substr(0, text.size() - (text.ends_with('%') ? 1 : 0));
  const std::size_t point = number.find('.');
  const bool well_formed =
      text.ends_with('%') && number.size() <= kLongest && all_digits(number.substr(0, point)) &&
      (point == std::string_view::npos || all_digits(number.substr(point + 1)));
  if (!well_formed) {
    return fail(StatusCode::kInvalidArgument, quote(text) + " is not a percentage",
                "write a number and a percent sign, such as \"50%\"");
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || value <= 0 || value > 100) {
    return fail(StatusCode::kInvalidArgument, quote(text) + " is out of range",
                "more than 0% and at most 100%");
  }
  return value / 100;
}

} // namespace schedrig::text
