// SPDX-License-Identifier: MIT
// The checks of `plugins check`, in order, up to the first that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/loader/check.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Check, a_sound_plugin_passes_every_check) {
  const CheckReport report = check_plugin(test_plugin("sound"));
  EXPECT_FALSE(report.failed) << message_of(report.error);
  EXPECT_THAT(report.passed,
              ElementsAre(CheckStep::kNote, CheckStep::kAbi, CheckStep::kProbe, CheckStep::kName));
  ASSERT_TRUE(report.note);
  EXPECT_EQ(report.plugin.value_or(ProbeReport{}).id, "sound");
}

TEST(Check, a_file_without_a_note_fails_the_first) {
  const CheckReport report = check_plugin(test_plugin("no_note"));
  EXPECT_EQ(report.failed, CheckStep::kNote);
  EXPECT_THAT(report.passed, ElementsAre());
  EXPECT_FALSE(report.note);
}

TEST(Check, another_abi_fails_before_any_code_runs) {
  const CheckReport report = check_plugin(test_plugin("other_hash"));
  EXPECT_EQ(report.failed, CheckStep::kAbi);
  EXPECT_THAT(message_of(report.error), HasSubstr("abi_hash is"));
  EXPECT_TRUE(report.note);
}

TEST(Check, a_crash_fails_the_probe) {
  const CheckReport report = check_plugin(test_plugin("crash_static"));
  EXPECT_EQ(report.failed, CheckStep::kProbe);
  EXPECT_THAT(message_of(report.error), HasSubstr("SIGABRT"));
  EXPECT_FALSE(report.plugin);
}

TEST(Check, a_file_that_is_not_called_like_its_plugin_is_told_so) {
  const CheckReport report = check_plugin(test_plugin("sound_twin"));
  EXPECT_EQ(report.failed, CheckStep::kName);
  EXPECT_THAT(help_of(report.error), HasSubstr("sound.so"));
}

} // namespace
} // namespace schedrig::loader
