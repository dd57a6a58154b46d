// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/config/render.hpp"

namespace schedrig::config {
namespace {

std::string render_one(const std::string& line, std::uint32_t column) {
  const Diagnostic diagnostic{{.file = 0, .line = 1, .column = column}, "wrong", ""};
  return render({&diagnostic, 1}, {{"f", line + "\nnext"}});
}

TEST(Render, shows_the_line_and_a_caret_under_the_column) {
  EXPECT_EQ(render_one("abc", 2), "f:1:2: error: wrong\n    1 | abc\n      |  ^\n");
  EXPECT_EQ(render_one("\tx", 2), "f:1:2: error: wrong\n    1 |  x\n      |  ^\n");
  EXPECT_EQ(render_one("\xc3\xbcx", 2), "f:1:2: error: wrong\n    1 | \xc3\xbcx\n      |  ^\n");
  EXPECT_EQ(render_one("a\r", 1), "f:1:1: error: wrong\n    1 | a\n      | ^\n");
}

TEST(Render, survives_positions_that_are_not_there) {
  EXPECT_EQ(render_one("ab", 9), "f:1:9: error: wrong\n    1 | ab\n      |   ^\n");
  const Diagnostic past{{.file = 0, .line = 99, .column = 1}, "wrong", "mend it"};
  EXPECT_EQ(render({&past, 1}, {{"f", "one line"}}),
            "f:99:1: error: wrong\n   99 | \n      | ^\nhelp: mend it\n");
  const Diagnostic nowhere{{.file = 5, .line = 1, .column = 1}, "wrong", ""};
  EXPECT_EQ(render({&nowhere, 1}, {}), "config:1:1: error: wrong\n");
  const Diagnostic whole{{.file = 0, .line = 0, .column = 0}, "wrong", ""};
  EXPECT_EQ(render({&whole, 1}, {{"f", "text"}}), "f: error: wrong\n");
}

TEST(Render, cuts_long_lines_around_the_caret) {
  const std::string line = std::string(1'000, 'a') + "X" + std::string(1'000, 'b');
  const std::string text = render_one(line, 1'001);
  EXPECT_LT(text.size(), 300U);
  const std::size_t mark = text.find('X');
  ASSERT_NE(mark, std::string::npos);
  const std::size_t line_begin = text.rfind('\n', mark);
  const std::size_t caret = text.find('^');
  EXPECT_EQ(mark - line_begin, caret - text.rfind('\n', caret));
}

TEST(Render, lets_nothing_reach_the_terminal) {
  const std::string text = render_one("a\x1b[31mb\x7f\xff\xc2\x9b", 1);
  for (const char c : text) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
}

TEST(Render, colours_only_when_asked) {
  const Diagnostic diagnostic{{.file = 0, .line = 1, .column = 1}, "wrong", "mend it"};
  const Sources sources = {{"f", "x"}};
  EXPECT_EQ(render({&diagnostic, 1}, sources).find('\x1b'), std::string::npos);
  EXPECT_EQ(render({&diagnostic, 1}, sources, {.colour = true}),
            "\x1b[1mf:1:1:\x1b[0m \x1b[1;31merror:\x1b[0m wrong\n    1 | x\n      | "
            "\x1b[1;31m^\x1b[0m\n\x1b[1;36mhelp:\x1b[0m mend it\n");
}

} // namespace
} // namespace schedrig::config
