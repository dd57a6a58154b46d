// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/report/outcome_line.hpp"

namespace schedrig::report {
namespace {

const std::string kOutcome = outcome_line(2, "x.toml") + "\n";

TEST(OutcomeLast, keeps_the_outcome_back_until_the_end_wherever_the_text_is_cut) {
  const std::string text = "one\n" + kOutcome + "two\nthree";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::string written;
    OutcomeLast last([&](std::string_view part) { written += part; });
    last.take(text.substr(0, cut));
    last.take(text.substr(cut));
    EXPECT_EQ(written, "one\ntwo\n");
    last.finish(true);
    EXPECT_EQ(written, "one\ntwo\nthree" + kOutcome);
  }
}

TEST(OutcomeLast, one_that_does_not_hold_or_is_not_the_last_is_no_last_line) {
  std::string written;
  OutcomeLast last([&](std::string_view part) { written += part; });
  last.take(kOutcome + "between\n" + kOutcome);
  EXPECT_EQ(written, "between\n" + kOutcome) << "the first of two";
  last.finish(false);
  EXPECT_EQ(written, "between\n" + kOutcome);
}

TEST(OutcomeLast, a_line_without_an_end_is_not_kept_for_ever) {
  std::string written;
  OutcomeLast last([&](std::string_view part) { written += part; });
  last.take(std::string(100'000, 'x'));
  EXPECT_EQ(written.size(), 100'000U);
}

TEST(OutcomeLine, is_one_line_whatever_the_configs_path_holds) {
  EXPECT_EQ(outcome_line(2, "a b's.toml"),
            "schedrig: verdict=error exit=2 end=refused config='a b'\\''s.toml'");
  EXPECT_EQ(outcome_line(2, "a\nb\x1b'7\\\xff"),
            "schedrig: verdict=error exit=2 end=refused config=$'a\\012b\\033\\'7\\\\\\377'");
}

} // namespace
} // namespace schedrig::report
