// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

TEST(Quote, keeps_text_and_escapes_what_a_terminal_would_obey) {
  EXPECT_EQ(quote("llc 0"), "\"llc 0\"");
  EXPECT_EQ(quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(quote("\x1b[31m"), "\"\\x1b[31m\"");
  EXPECT_EQ(quote(std::string("a\0b", 3)), "\"a\\x00b\"");
  EXPECT_EQ(quote("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(quote("\xc2\x9b"), "\"\\xc2\\x9b\"");
}

TEST(Quote, is_bounded) {
  EXPECT_LT(quote(std::string(1'000'000, 'x')).size(), 100U);
  EXPECT_TRUE(quote(std::string(1'000, 'x')).ends_with("...\""));
}

TEST(Utf8, knows_where_a_character_ends_and_what_is_none) {
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("\xc3\xbc"), 2U);
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3U);
  EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4U);
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(utf8_length(bad), 0U) << printable(bad);
  }
}

TEST(Shown, keeps_a_line_to_itself_and_within_its_length) {
  EXPECT_EQ(shown("a\tb\n\x1b[2J", 80), "a\tb\\x0a\\x1b[2J");
  EXPECT_EQ(shown(std::string(50, 'x'), 50), std::string(50, 'x'));
  EXPECT_EQ(shown(std::string(51, 'x'), 50), std::string(50, 'x') + "...");
}

TEST(Shown, lines_are_cut_each_for_itself) {
  EXPECT_EQ(shown_lines("one\n\x07twothree\n", 5), "one\n\\x07t...\n");
  EXPECT_EQ(shown_lines("", 5), "");
}

} // namespace
} // namespace schedrig::text
