// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/report/ktap_report.hpp"
#include "tests/support/ktap_parser.hpp"
#include "tests/unit/report/sample_report.hpp"

namespace schedrig::report {
namespace {

using engine::RunEnd;
using engine::RunReport;
using engine::Verdict;
using test::KtapResult;
using testing::Contains;
using testing::ElementsAre;

KtapResult parsed(const RunReport& report) {
  const std::string text = ktap_report(report, "schedrig run demo.toml");
  const auto results = test::parse_ktap(text);
  EXPECT_TRUE(results) << results.error().message << "\n" << text;
  EXPECT_TRUE(!results || results->size() == 1) << text;
  return results && results->size() == 1 ? results->front() : KtapResult();
}

TEST(Ktap, a_pass_is_one_test_with_a_subtest_for_each_step_and_check) {
  EXPECT_EQ(ktap_report(passed_report(), "schedrig run demo.toml"),
            "KTAP version 1\n"
            "1..1\n"
            "  KTAP version 1\n"
            "  # Subtest: demo\n"
            "  1..4\n"
            "  ok 1 step backdrop\n"
            "  ok 2 step 1 load\n"
            "  ok 3 step 2 rest\n"
            "  # observed: 2 workers; longest gap 4 ms\n"
            "  # limit: every worker works\n"
            "  ok 4 check not_stuck\n"
            "# backend mock, scheduler eevdf, 1n1l2c1t, seed 7\n"
            "ok 1 demo\n");
}

TEST(Ktap, a_failed_op_fails_its_step_and_the_run_and_skips_the_rest) {
  const KtapResult run = parsed(failed_report());
  EXPECT_FALSE(run.ok);
  EXPECT_EQ(run.diagnostic, "step 1 \"load\", op 2 freeze_cgroup: cell is not frozen");
  EXPECT_THAT(run.diagnostics, Contains("reproduce: schedrig run demo.toml"));
  ASSERT_EQ(run.subtests.size(), 3U);
  EXPECT_TRUE(run.subtests[0].ok);
  EXPECT_FALSE(run.subtests[1].ok);
  EXPECT_EQ(run.subtests[1].diagnostic, "op 2 freeze_cgroup (line 9): cell is not frozen");
  EXPECT_THAT(run.subtests[1].diagnostics, Contains("help: raise wait"));
  EXPECT_TRUE(run.subtests[2].ok);
  EXPECT_EQ(run.subtests[2].directive, "SKIP");
}

TEST(Ktap, inconclusive_is_an_error_and_a_deadline_a_timeout) {
  RunReport report = passed_report();
  report.verdict = report.checks[0].verdict = Verdict::kInconclusive;
  const KtapResult unsure = parsed(report);
  EXPECT_FALSE(unsure.ok);
  EXPECT_EQ(unsure.subtests.at(3).directive, "ERROR");
  EXPECT_TRUE(unsure.subtests.at(3).diagnostic.starts_with("inconclusive: 2 workers"));

  report = passed_report();
  report.checks.clear();
  report.verdict = Verdict::kError;
  report.end = RunEnd::kDeadline;
  report.cause = Error{StatusCode::kTimeout, "the run's deadline passed", "raise it", 0};
  const KtapResult late = parsed(report);
  EXPECT_EQ(late.directive, "TIMEOUT");
  EXPECT_EQ(late.subtests.back().description, "run");
  EXPECT_EQ(late.subtests.back().diagnostic, "the run's deadline passed");
}

TEST(Ktap, a_run_that_never_started_has_one_test_that_says_why) {
  RunReport report;
  report.name = "demo";
  report.verdict = Verdict::kError;
  report.end = RunEnd::kInfrastructure;
  report.cause = Error{StatusCode::kOs, "boot: no /dev/kvm", "load kvm_amd", 0};
  const KtapResult run = parsed(report);
  ASSERT_EQ(run.subtests.size(), 1U);
  EXPECT_EQ(run.subtests[0].directive, "ERROR");
  EXPECT_EQ(run.subtests[0].diagnostic, "boot: no /dev/kvm");
}

TEST(Ktap, what_the_scenario_expects_to_fail_is_no_failure) {
  RunReport report = failed_report();
  report.verdict = Verdict::kPass;
  const KtapResult run = parsed(report);
  EXPECT_TRUE(run.ok);
  EXPECT_TRUE(run.subtests[1].ok);
  EXPECT_EQ(run.subtests[1].directive, "XFAIL");
}

TEST(Ktap, an_unexpected_exit_shows_what_the_scheduler_left) {
  RunReport report = failed_report();
  report.steps[0].ops.clear();
  report.steps[0].error = Error{StatusCode::kSchedulerExit, "scheduler \"mine\" exited", "", 0};
  engine::SchedulerEvent exit;
  exit.dump = "CPU 0: idle\nCPU 1: spin[7]";
  report.scheduler_events = {exit};
  EXPECT_THAT(parsed(report).subtests.at(1).diagnostics,
              ElementsAre("state at the exit:", "CPU 0: idle", "CPU 1: spin[7]"));
  report.failure = triage::Diagnosis{.kind = triage::Kind::kLostTask,
                                     .blame = triage::Blame::kScheduler,
                                     .summary = "it lost spin[7]",
                                     .evidence = {"spin[7] is on no queue"}};
  EXPECT_THAT(parsed(report).subtests.at(1).diagnostics,
              ElementsAre("diagnosis: lost_task, blame: scheduler", "it lost spin[7]",
                          "- spin[7] is on no queue", "state at the exit:", "CPU 0: idle",
                          "CPU 1: spin[7]"));
}

TEST(Ktap, names_and_texts_cannot_break_the_format) {
  RunReport report = failed_report();
  report.name = "a # SKIP b\nok 2 c";
  report.steps[0].name = "x\n1..9 # TODO";
  report.steps[0].ops[0].error->message = "one\nnot ok 7 # two";
  report.steps[0].ops[0].error->help = "three\n\nok 1 four";
  const KtapResult run = parsed(report);
  EXPECT_FALSE(run.ok);
  EXPECT_EQ(run.subtests.size(), 3U);
  EXPECT_EQ(run.subtests[1].description, R"(step 1 x\x0a1..9 _ TODO)");
}

TEST(Ktap, checks_of_the_same_name_are_told_apart) {
  RunReport report = passed_report();
  report.checks.push_back(report.checks[0]);
  EXPECT_EQ(parsed(report).subtests.back().description, "check not_stuck (2)");
}

TEST(KtapParser, refuses_what_the_format_does_not_allow) {
  for (const char* text :
       {"", "1..1\nok 1 a\n", "KTAP version 1\nok 1 a\n", "KTAP version 1\n1..2\nok 1 a\n",
        "KTAP version 1\n1..1\nok 2 a\n", "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..1\nok 1 a", "KTAP version 1\n1..1\nok 1 a#SKIP\n",
        "KTAP version 1\n1..1\nok 1 a # TIMEOUT\n",
        "KTAP version 1\n1..1\n   KTAP version 1\n   1..0\nok 1 a\n",
        "KTAP version 1\n1..1\nhello\nok 1 a\n"}) {
    EXPECT_FALSE(test::parse_ktap(text)) << text;
  }
}

} // namespace
} // namespace schedrig::report
