// SPDX-License-Identifier: MIT
#include "host/text/hex.hpp"

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

} // namespace schedrig::text
