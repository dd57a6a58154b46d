// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/console_watch.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;

class Console : public ::testing::Test {
 protected:
  void feed(std::string_view text) {
    watch_.feed(std::as_bytes(std::span(text)),
                [this](std::string_view line, LineKind) { lines_.emplace_back(line); });
  }

  ConsoleWatch watch_;
  std::vector<std::string> lines_;
};

TEST_F(Console, pieces_become_lines_without_their_line_ends) {
  feed("one\r\ntw");
  feed("o\n\nthr");
  EXPECT_THAT(lines_, ElementsAre("one", "two", ""));
  EXPECT_EQ(watch_.last_lines(), "one\ntwo\n\nthr");
}

TEST_F(Console, control_characters_do_not_pass) {
  feed(std::string_view("a\x1b[2J\0b\x7f\tc\n", 11));
  EXPECT_THAT(lines_, ElementsAre("a[2Jb\tc"));
}

TEST_F(Console, a_line_without_an_end_is_cut) {
  feed(std::string(2 * ConsoleWatch::kMaxLineBytes + 10, 'x'));
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_[0].size(), ConsoleWatch::kMaxLineBytes);
  EXPECT_EQ(watch_.last_lines().size(), 2 * ConsoleWatch::kMaxLineBytes + 2 + 10);
}

TEST_F(Console, only_the_last_lines_are_kept) {
  for (int i = 0; i < 100; ++i) {
    feed(std::to_string(i) + "\n");
  }
  const std::string last = watch_.last_lines();
  EXPECT_TRUE(last.starts_with("80\n")) << last;
  EXPECT_TRUE(last.ends_with("99\n")) << last;
}

TEST(ConsoleLine, the_kernels_words_are_told_apart) {
  EXPECT_EQ(classify_console_line("[    1.0] Run /init as init process"), LineKind::kPlain);
  EXPECT_EQ(classify_console_line("[    1.0] Kernel panic - not syncing: Attempted to kill init!"),
            LineKind::kFatal);
  EXPECT_EQ(classify_console_line("schedrig-agent: fatal: mount proc on /proc"), LineKind::kFatal);
  EXPECT_EQ(classify_console_line("sched_ext: BPF scheduler \"x\" disabled (runtime error)"),
            LineKind::kNotice);
  EXPECT_EQ(classify_console_line("WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1"),
            LineKind::kPlain); // the host's business
}

} // namespace
} // namespace schedrig::kvm
