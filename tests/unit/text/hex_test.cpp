// SPDX-License-Identifier: MIT
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "host/text/hex.hpp"

namespace schedrig::text {
namespace {

TEST(HexBytes, are_two_digits_a_byte) {
  EXPECT_EQ(parse_hex_bytes("00fFa1"), (std::vector<std::uint8_t>{0x00, 0xff, 0xa1}));
  EXPECT_EQ(parse_hex_bytes(""), std::vector<std::uint8_t>{});
}

TEST(HexBytes, refuse_odd_lengths_and_other_characters) {
  for (const char* text : {"0", "000", "0g", "0x00", "00 ff", "-1", "+1"}) {
    EXPECT_FALSE(parse_hex_bytes(text)) << text;
  }
}

TEST(HexBytes, come_back_as_they_were_read) {
  EXPECT_EQ(format_hex_bytes(std::vector<std::uint8_t>{0x00, 0xff, 0xa1}), "00ffa1");
  EXPECT_EQ(format_hex_bytes({}), "");
}

TEST(HexNumber, has_no_leading_zeros) {
  EXPECT_EQ(hex_number(0), "0x0");
  EXPECT_EQ(hex_number(0xffff888000001000), "0xffff888000001000");
}

} // namespace
} // namespace schedrig::text
