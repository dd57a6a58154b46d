// SPDX-License-Identifier: MIT
// The cause of a run that did not pass, as the terminal shows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/report/summary.hpp"
#include "tests/unit/report/sample_report.hpp"

namespace schedrig::report {
namespace {

using testing::HasSubstr;

std::string summary_with_help(std::string help) {
  engine::RunReport report = passed_report();
  report.verdict = engine::Verdict::kFail;
  report.cause = Error{StatusCode::kInvalidArgument, "it did not attach", std::move(help), 0};
  return summary(report, "", false);
}

TEST(Cause, help_of_one_line_stands_beside_its_word) {
  EXPECT_THAT(summary_with_help("say less\n"), HasSubstr("did not attach\n  help: say less\n"));
}

TEST(Cause, the_end_of_a_log_keeps_its_lines) {
  EXPECT_THAT(summary_with_help("341: r6 = r1\n342: \x1b[31mr7 = 0\n"),
              HasSubstr("did not attach\n  help:\n    341: r6 = r1\n    342: \\x1b[31mr7 = 0\n"));
}

} // namespace
} // namespace schedrig::report
