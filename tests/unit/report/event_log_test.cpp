// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/report/event_log.hpp"

namespace schedrig::report {
namespace {

using engine::StepRecord;
using engine::Verdict;

class Lines : public testing::Test {
 protected:
  std::vector<std::string> lines;
  EventLog log{[this](std::string_view line) { lines.emplace_back(line); }};
};

TEST_F(Lines, the_first_has_the_version_and_what_is_run) {
  engine::RunReport report;
  report.name = "demo";
  report.backend = "mock";
  report.seed = 18446744073709551615U;
  log.on_run(report);
  EXPECT_EQ(lines.at(0), R"({"at_ns":0,"event":"run","schema":1,"name":"demo","config":"",)"
                         R"("backend":"mock","scheduler":"","seed":18446744073709551615,)"
                         R"("topology":""})"
                         "\n");
}

TEST_F(Lines, a_hold_is_its_start_and_its_end_however_often_it_reports) {
  StepRecord step;
  step.name = "load";
  step.start_ns = 50;
  log.on_step(2, 3, step);
  for (const std::int64_t elapsed : {0, 100, 200, 300}) {
    log.on_hold(60, elapsed, 300);
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "{\"at_ns\":50,\"event\":\"step_start\",\"step\":2,\"of\":3,\"name\":\"load\"}\n");
  EXPECT_EQ(lines[1], "{\"at_ns\":60,\"event\":\"hold_start\",\"step\":2,\"duration_ns\":300}\n");
  EXPECT_EQ(lines[2], "{\"at_ns\":360,\"event\":\"hold_end\",\"step\":2}\n");
}

TEST_F(Lines, the_next_step_has_a_hold_of_its_own) {
  log.on_step(1, 2, StepRecord{});
  log.on_hold(0, 10, 10);
  log.on_step(2, 2, StepRecord{});
  log.on_hold(20, 0, 10);
  EXPECT_EQ(lines.back(),
            "{\"at_ns\":20,\"event\":\"hold_start\",\"step\":2,\"duration_ns\":10}\n");
}

TEST_F(Lines, text_from_the_machine_stays_within_its_line) {
  log.on_machine_event({.kind = EventKind::kNotice, .at_ns = 7, .text = "one\ntwo \x1b[31m\xff"});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find('\n'), lines[0].size() - 1);
  const auto line = json::parse(lines[0], "line");
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(*line->find("text")->as_string(), "one\ntwo \x1b[31m\xEF\xBF\xBD");
}

TEST_F(Lines, checks_come_before_the_verdict_at_the_time_of_the_last_event) {
  log.on_phase("shutting down", 900);
  engine::RunReport report;
  report.verdict = Verdict::kFail;
  report.cause = Error{StatusCode::kGuestFailed, "check max_gap: 2 s", "limit: 1 s", 0};
  report.checks = {
      {.name = "max_gap", .verdict = Verdict::kFail, .observed = "2 s", .limit = "1 s"}};
  log.on_end(report);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], R"({"at_ns":900,"event":"check","check":{"name":"max_gap",)"
                      R"("verdict":"fail","observed":"2 s","limit":"1 s"}})"
                      "\n");
  const auto verdict = json::parse(lines[2], "line");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->find("at_ns")->as_int64(), 900);
  EXPECT_EQ(verdict->find("exit_code")->as_int64(), 1);
  EXPECT_EQ(*verdict->find("cause")->find("message")->as_string(), "check max_gap: 2 s");
}

} // namespace
} // namespace schedrig::report
