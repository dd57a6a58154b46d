// SPDX-License-Identifier: MIT
#include <string_view>

#include <gtest/gtest.h>

#include "channel/crc32.hpp"

namespace schedrig::kvm {
namespace {

std::uint32_t crc(std::string_view text) {
  return crc32(std::as_bytes(std::span(text)));
}

// Check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
TEST(Crc32, gives_the_check_value_of_its_algorithm) {
  EXPECT_EQ(crc("123456789"), 0xCBF43926U);
}

TEST(Crc32, of_nothing_is_zero) {
  EXPECT_EQ(crc(""), 0U);
}

TEST(Crc32, every_single_bit_matters) {
  std::string text(64, 'x');
  const std::uint32_t whole = crc(text);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(crc(flipped), whole) << bit;
  }
}

} // namespace
} // namespace schedrig::kvm
