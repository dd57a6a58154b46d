// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/text/percent.hpp"

namespace schedrig::text {
namespace {

TEST(Percent, is_a_fraction_of_one) {
  EXPECT_DOUBLE_EQ(*parse_percent("50%"), 0.5);
  EXPECT_DOUBLE_EQ(*parse_percent("12.5%"), 0.125);
  EXPECT_DOUBLE_EQ(*parse_percent("100%"), 1.0);
  EXPECT_DOUBLE_EQ(*parse_percent("0.1%"), 0.001);
}

TEST(Percent, refuses_everything_else) {
  for (const char* text : {"", "%", "50", "-5%", "+5%", "5.%", ".5%", "1e1%", "nan%", "inf%",
                           "50 %", "1.2.3%", "000000000000000000000000000000001%"}) {
    ASSERT_FALSE(parse_percent(text)) << text;
    EXPECT_TRUE(parse_percent(text).error().message.ends_with("is not a percentage")) << text;
  }
  for (const char* text : {"0%", "0.0%", "100.1%", "101%"}) {
    ASSERT_FALSE(parse_percent(text)) << text;
    EXPECT_TRUE(parse_percent(text).error().message.ends_with("is out of range")) << text;
  }
}

} // namespace
} // namespace schedrig::text
