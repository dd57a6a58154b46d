// SPDX-License-Identifier: MIT
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/report/payloads.hpp"

namespace schedrig::report {
namespace {

using engine::PayloadEnd;
using engine::PayloadRecord;
using engine::Verdict;

PayloadRecord failed_bench() {
  PayloadRecord record;
  record.name = "bench";
  record.cgroup = "base";
  record.step = "step \"one\"";
  record.binary = "/opt/bench";
  record.args = {"-r", "2"};
  record.pid = 7;
  record.wait_status = 3 << 8;
  record.start_ns = 1'000'000'000;
  record.end_ns = 3'000'000'000;
  record.cpu_ns = 1'500'000'000;
  record.metrics = {{.name = "exit_code", .value = 3}, {.name = "share", .value = 0.25}};
  record.checks = {
      {.name = "exit_code", .verdict = Verdict::kFail, .observed = "3", .limit = "equals 0"}};
  record.stderr_tail = "one\ntwo\nthree\n\nout of \x1b[31mmemory\n";
  return record;
}

TEST(PayloadReport, the_json_entry_says_how_it_ended_and_what_it_measured) {
  const json::Value all = payloads_value({failed_bench()});
  const json::Value& entry = all.as_array()->front();
  EXPECT_EQ(*entry.find("name")->as_string(), "bench");
  EXPECT_EQ(*entry.find("ended_by")->as_string(), "itself");
  EXPECT_EQ(entry.find("exit_code")->as_int64(), 3);
  EXPECT_TRUE(entry.find("signal")->is_null());
  EXPECT_EQ(entry.find("metrics")->find("exit_code")->as_int64(), 3);
  EXPECT_EQ(entry.find("metrics")->find("share")->as_double(), 0.25);
  EXPECT_EQ(*entry.find("checks")->as_array()->front().find("verdict")->as_string(), "fail");
  EXPECT_EQ(entry.find("args")->as_array()->size(), 2U);
}

TEST(PayloadReport, a_signal_is_no_exit_code) {
  PayloadRecord killed = failed_bench();
  killed.end = PayloadEnd::kWaitTimeout;
  killed.wait_status = SIGKILL;
  const json::Value all = payloads_value({killed});
  const json::Value& entry = all.as_array()->front();
  EXPECT_TRUE(entry.find("exit_code")->is_null());
  EXPECT_EQ(entry.find("signal")->as_int64(), SIGKILL);
  EXPECT_EQ(*entry.find("ended_by")->as_string(), "wait_timeout");
}

TEST(PayloadReport, metrics_are_found_by_name_and_cgroup_and_the_last_execution_wins) {
  PayloadRecord first = failed_bench();
  PayloadRecord second = failed_bench();
  second.metrics = {{.name = "share", .value = 0.5}};
  PayloadRecord alone = failed_bench();
  alone.cgroup = "";
  EXPECT_EQ(json::to_line(metrics_value({first, alone, second})),
            R"({"bench@base":{"share":0.5},"bench":{"exit_code":3,"share":0.25}})");
}

TEST(PayloadReport, the_summary_shows_failed_checks_and_the_end_of_stderr_harmlessly) {
  EXPECT_EQ(payload_lines({failed_bench()}),
            "  payload bench@base  exit 3 after 2.00 s, CPU 1.50 s\n"
            "    exit_code  fail: 3; limit: equals 0; recorded only, gate is false\n"
            "    stderr: two\n"
            "    stderr: three\n"
            "    stderr: out of \\x1b[31mmemory\n");
}

TEST(PayloadReport, the_summary_leaves_gated_checks_to_the_runs_own) {
  PayloadRecord gated = failed_bench();
  gated.gate = true;
  EXPECT_EQ(payload_lines({gated}).find("limit:"), std::string::npos);
}

TEST(PayloadReport, the_summary_stays_a_screenful) {
  const std::vector<PayloadRecord> many(25, failed_bench());
  const std::string text = payload_lines(many);
  EXPECT_NE(text.find("and 5 more payloads"), std::string::npos);
}

} // namespace
} // namespace schedrig::report
