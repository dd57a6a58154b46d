// SPDX-License-Identifier: MIT
#include "plugins/mock/files/kernel_mask.hpp"

#include <cerrno>

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kChunkBits = 32;
constexpr std::size_t kChunkDigits = 8;

bool ends_region(char c) {
  return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Takes the last chunk off the text, which does not end in a separator.
int take_chunk(std::string_view& text, std::uint32_t& chunk) {
  chunk = 0;
  for (std::size_t digits = 0; !text.empty() && !ends_region(text.back()); ++digits) {
    const int digit = hex_digit(text.back());
    if (digit < 0) {
      return EINVAL;
    }
    if (digits == kChunkDigits) {
      return EOVERFLOW;
    }
    chunk |= static_cast<std::uint32_t>(digit) << (4 * digits);
    text.remove_suffix(1);
  }
  return 0;
}

} // namespace

int parse_mask(std::string_view text, std::uint32_t nbits, CpuMask& mask) {
  text = text.substr(0, text.find('\n'));
  mask = {};
  const std::uint32_t chunks = (nbits + kChunkBits - 1) / kChunkBits;
  for (std::uint32_t at = 0;; ++at) {
    while (!text.empty() && ends_region(text.back())) {
      text.remove_suffix(1);
    }
    if (text.empty()) {
      return 0;
    }
    if (at == chunks) {
      return EOVERFLOW;
    }
    std::uint32_t chunk = 0;
    if (const int error = take_chunk(text, chunk); error != 0) {
      return error;
    }
    for (std::uint32_t bit = 0; bit < kChunkBits; ++bit) {
      if (((chunk >> bit) & 1U) == 0) {
        continue;
      }
      if ((at * kChunkBits) + bit >= nbits) {
        return EOVERFLOW;
      }
      mask.set((at * kChunkBits) + bit);
    }
  }
}

std::string format_mask(const CpuMask& mask, std::uint32_t nbits) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::uint32_t digit = (nbits + 3) / 4; digit-- > 0;) {
    std::uint32_t value = 0;
    for (std::uint32_t bit = 0; bit < 4; ++bit) {
      value |= mask.test((digit * 4) + bit) ? 1U << bit : 0U;
    }
    text += kDigits[value];
    if (digit != 0 && digit % kChunkDigits == 0) {
      text += ',';
    }
  }
  return text;
}

} // namespace schedrig::mock
