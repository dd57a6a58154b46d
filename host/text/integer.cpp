// SPDX-License-Identifier: MIT
#include "host/text/integer.hpp"

#include <algorithm>
#include <charconv>

#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Result<std::uint64_t> convert(std::string_view digits, int base, std::string_view whole) {
  std::uint64_t value = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc::result_out_of_range) {
    return fail(StatusCode::kInvalidArgument, quote(whole) + " does not fit in 64 bits");
  }
  if (error != std::errc{} || stop != digits.data() + digits.size()) {
    return fail(StatusCode::kInvalidArgument, quote(whole) + " is not a number");
  }
  return value;
}

} // namespace

Result<std::uint64_t> parse_decimal(std::string_view text) {
  return convert(text, 10, text);
}

Result<std::uint64_t> parse_integer(std::string_view text) {
  if (text.starts_with("0x")) {
    return convert(text.substr(2), 16, text);
  }
  return convert(text, 10, text);
}

Result<LeadingNumber> parse_leading_number(std::string_view text) {
  const auto* end = std::ranges::find_if_not(text, is_digit);
  const auto length = static_cast<std::size_t>(end - text.begin());
  return LeadingNumber{TRY(convert(text.substr(0, length), 10, text)), text.substr(length)};
}

std::string numbered(std::string_view what, std::uint64_t count) {
  return std::string(what) + (count == 1 ? " 0 only" : "s 0 to " + std::to_string(count - 1));
}

} // namespace schedrig::text
