// SPDX-License-Identifier: MIT
#include "host/text/hex.hpp"

#include <array>
#include <charconv>

#include "host/text/quote.hpp"

namespace schedrig::text {

Result<std::vector<std::uint8_t>> parse_hex_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::string_view pair = text.substr(i, 2);
    std::uint8_t byte = 0;
    const auto [stop, error] = std::from_chars(pair.data(), pair.data() + pair.size(), byte, 16);
    if (pair.size() != 2 || error != std::errc{} || stop != pair.data() + 2) {
      return fail(StatusCode::kInvalidArgument, quote(text) + " is not a string of bytes",
                  "write two hexadecimal digits a byte, such as \"00ff\"");
    }
    bytes.push_back(byte);
  }
  return bytes;
}

std::string format_hex_bytes(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

std::string hex_number(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), number, 16);
  return "0x" + std::string(digits.begin(), error == std::errc{} ? end : digits.begin());
}

} // namespace schedrig::text
