// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "host/text/integer.hpp"

namespace schedrig::text {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Integer, reads_decimal_and_hexadecimal_up_to_64_bits) {
  EXPECT_EQ(parse_decimal("18446744073709551615"), kMax);
  EXPECT_EQ(parse_integer("0xffffffffffffffff"), kMax);
  EXPECT_EQ(parse_integer("0xFFFF888000001000"), 0xffff888000001000U);
  EXPECT_EQ(parse_integer("42"), 42U);
}

TEST(Integer, refuses_overflow_signs_blanks_and_rests) {
  EXPECT_EQ(parse_decimal("18446744073709551616").error().message,
            "\"18446744073709551616\" does not fit in 64 bits");
  EXPECT_FALSE(parse_integer("0x10000000000000000"));
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1_000", "0x", "0xg", "1e3", "0x-1"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
  EXPECT_FALSE(parse_decimal("0x10"));
}

TEST(Integer, leaves_what_follows_a_leading_number) {
  const auto number = parse_leading_number("200ms");
  ASSERT_TRUE(number);
  EXPECT_EQ(number->value, 200U);
  EXPECT_EQ(number->rest, "ms");
  EXPECT_EQ(parse_leading_number("7")->rest, "");
  EXPECT_FALSE(parse_leading_number("ms"));
  EXPECT_FALSE(parse_leading_number(""));
}

} // namespace
} // namespace schedrig::text
