// SPDX-License-Identifier: MIT
#include "host/text/digest.hpp"

#include <cstdint>

namespace schedrig::text {

std::string digest(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) {
    text += kDigits[(hash >> (shift - 4)) & 0xFU];
  }
  return text;
}

} // namespace schedrig::text
