// SPDX-License-Identifier: MIT
// Unsigned numbers as text: whole input or nothing, every overflow an error.
// Thread: any. Allocates only for error messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::text {

// Decimal digits only: no sign, no blanks, no separators. kInvalidArgument names the text.
[[nodiscard]] Result<std::uint64_t> parse_decimal(std::string_view text);

// The same, or "0x" and hexadecimal digits: how addresses are written.
[[nodiscard]] Result<std::uint64_t> parse_integer(std::string_view text);

// A number that stands in front of something else ("200ms"): the value and what follows it.
struct LeadingNumber {
  std::uint64_t value = 0;
  std::string_view rest;
};
[[nodiscard]] Result<LeadingNumber> parse_leading_number(std::string_view text);

// What `count` things are numbered: "node 0 only", "nodes 0 to 3".
[[nodiscard]] std::string numbered(std::string_view what, std::uint64_t count);

} // namespace schedrig::text
