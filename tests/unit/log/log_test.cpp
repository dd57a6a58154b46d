// SPDX-License-Identifier: MIT
// What a log line looks like, and which lines are shown.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/log/log.hpp"

namespace schedrig::log {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::MatchesRegex;

class LogTest : public testing::Test, public LineSink {
 public:
  LogTest() {
    set_verbosity(0);
    set_line_sink(this);
  }
  ~LogTest() override {
    set_line_sink(nullptr);
    set_verbosity(0);
  }

  LogTest(const LogTest&) = delete;
  LogTest& operator=(const LogTest&) = delete;

  void on_line(LogLevel level, std::string_view line) noexcept override {
    levels_.push_back(level);
    lines_.emplace_back(line);
  }

 protected:
  // Number of lines that a message of every level gives.
  std::size_t shown_at(int verbosity) {
    set_verbosity(verbosity);
    lines_.clear();
    trace(Module::kEngine, "x");
    debug(Module::kEngine, "x");
    info(Module::kEngine, "x");
    warn(Module::kEngine, "x");
    error(Module::kEngine, "x");
    return lines_.size();
  }

  std::vector<LogLevel> levels_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, a_line_has_time_level_module_and_text_and_no_newline) {
  warn(Module::kKernel, "no BTF");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0],
              MatchesRegex("[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} warn  kernel: no BTF"));
  EXPECT_THAT(levels_, ElementsAre(LogLevel::kWarn));
}

TEST_F(LogTest, every_module_has_its_name) {
  for (const Module module : {Module::kCli, Module::kReport}) {
    info(module, "x");
  }
  EXPECT_THAT(lines_, ElementsAre(EndsWith("cli: x"), EndsWith("report: x")));
}

TEST_F(LogTest, verbosity_adds_levels_one_by_one) {
  EXPECT_EQ(shown_at(-9), 1U);
  EXPECT_EQ(shown_at(-2), 1U);
  EXPECT_EQ(shown_at(-1), 2U);
  EXPECT_EQ(shown_at(0), 3U);
  EXPECT_EQ(shown_at(1), 4U);
  EXPECT_EQ(shown_at(2), 5U);
  EXPECT_TRUE(enabled(LogLevel::kTrace));
  set_verbosity(-2);
  EXPECT_FALSE(enabled(LogLevel::kWarn));
}

TEST_F(LogTest, a_plugins_line_has_its_id) {
  write_plugin("mock", LogLevel::kInfo, "hello");
  EXPECT_THAT(lines_, ElementsAre(EndsWith("info  plugin mock: hello")));
}

TEST_F(LogTest, a_level_that_a_plugin_made_up_is_an_error) {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a plugin can do that
  write_plugin("mock", static_cast<LogLevel>(99), "hello");
  EXPECT_THAT(levels_, ElementsAre(LogLevel::kError));
}

TEST_F(LogTest, text_is_no_format_string) {
  info(Module::kLoader, "{} {0} %s {");
  EXPECT_THAT(lines_, ElementsAre(EndsWith("loader: {} {0} %s {")));
}

TEST_F(LogTest, control_characters_cannot_reach_a_terminal) {
  write_plugin("a\nb", LogLevel::kInfo, "x\x1b[2J\r\ny\x7fz\t.");
  EXPECT_THAT(lines_, ElementsAre(EndsWith("plugin a?b: x?[2J??y?z\t.")));
}

TEST_F(LogTest, a_line_is_cut_where_nobody_reads_on) {
  info(Module::kLoader, std::string(1U << 20U, 'x'));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_LT(lines_[0].size(), kMaxLineBytes + 64);
  EXPECT_THAT(lines_[0], EndsWith("xxx..."));
}

TEST_F(LogTest, without_a_sink_lines_go_to_stderr_one_per_line) {
  set_line_sink(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  info(Module::kApt, "one");
  info(Module::kApt, "two");
  const std::string err = testing::internal::GetCapturedStderr();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(err, MatchesRegex("[^\n]* apt: one\n[^\n]* apt: two\n"));
}

} // namespace
} // namespace schedrig::log
