// SPDX-License-Identifier: MIT
#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/engine/payload_checks.hpp"

namespace schedrig::engine {
namespace {

PayloadRecord ended(int wait_status, PayloadEnd end = PayloadEnd::kItself) {
  PayloadRecord record;
  record.name = "bench";
  record.wait_status = wait_status;
  record.end = end;
  record.start_ns = 100;
  record.end_ns = 350;
  record.cpu_ns = 200;
  record.metrics = {{.name = "p99", .value = 412.5}};
  add_common_metrics(record);
  return record;
}

PayloadCheck of(std::string metric) {
  PayloadCheck check;
  check.metric = std::move(metric);
  return check;
}
PayloadCheck equals(std::string metric, double value) {
  PayloadCheck check = of(std::move(metric));
  check.equals = value;
  return check;
}
PayloadCheck between(std::string metric, std::optional<double> minimum,
                     std::optional<double> maximum) {
  PayloadCheck check = of(std::move(metric));
  check.minimum = minimum;
  check.maximum = maximum;
  return check;
}
PayloadCheck exists(std::string metric) {
  PayloadCheck check = of(std::move(metric));
  check.exists = true;
  return check;
}

CheckRecord verdict(const PayloadRecord& record, const PayloadCheck& check) {
  return evaluate_payload_checks({&check, 1}, record).front();
}

TEST(PayloadChecks, every_execution_has_an_exit_code_and_its_times) {
  const PayloadRecord record = ended(3 << 8);
  EXPECT_EQ(verdict(record, equals("exit_code", 3)).verdict, Verdict::kPass);
  EXPECT_EQ(verdict(record, equals("wall_ns", 250)).verdict, Verdict::kPass);
  EXPECT_EQ(verdict(record, equals("cpu_ns", 200)).verdict, Verdict::kPass);
}

TEST(PayloadChecks, limits_are_inclusive_and_spelled) {
  const PayloadRecord record = ended(0);
  EXPECT_EQ(verdict(record, between("p99", 412.5, 412.5)).verdict, Verdict::kPass);
  EXPECT_EQ(verdict(record, between("p99", {}, 412.4)).verdict, Verdict::kFail);
  const CheckRecord low = verdict(record, between("p99", 500, {}));
  EXPECT_EQ(low.verdict, Verdict::kFail);
  EXPECT_EQ(low.observed, "412.5");
  EXPECT_EQ(low.limit, "at least 500");
  EXPECT_EQ(verdict(record, between("p99", {}, 0.5)).limit, "at most 0.5");
  EXPECT_EQ(verdict(record, between("p99", 1, 2)).limit, "1 to 2");
  EXPECT_EQ(verdict(record, equals("p99", 7)).limit, "equals 7");
  EXPECT_EQ(verdict(record, exists("p99")).limit, "exists");
  EXPECT_EQ(verdict(record, exists("p99")).verdict, Verdict::kPass);
}

TEST(PayloadChecks, a_missing_metric_is_inconclusive_and_names_those_there_are) {
  const CheckRecord check = verdict(ended(0), between("p98", {}, 1));
  EXPECT_EQ(check.verdict, Verdict::kInconclusive);
  EXPECT_NE(check.observed.find("did you mean \"p99\"?"), std::string::npos) << check.observed;
}

TEST(PayloadChecks, existence_fails_only_when_all_output_was_read) {
  EXPECT_EQ(verdict(ended(0), exists("p50")).verdict, Verdict::kFail);
  PayloadRecord unread = ended(0);
  unread.metrics_problem = "stdout: line 1: not JSON";
  const CheckRecord check = verdict(unread, exists("p50"));
  EXPECT_EQ(check.verdict, Verdict::kInconclusive);
  EXPECT_NE(check.observed.find("not JSON"), std::string::npos);
}

TEST(PayloadChecks, a_crash_has_the_exit_code_that_shells_give_it) {
  const CheckRecord check = verdict(ended(SIGSEGV), equals("exit_code", 0));
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_EQ(check.observed, "139, ended by signal 11");
}

TEST(PayloadChecks, one_that_the_rig_killed_has_neither_exit_code_nor_times) {
  const PayloadRecord record = ended(SIGKILL, PayloadEnd::kKillOp);
  for (const std::string metric : {"exit_code", "wall_ns", "cpu_ns"}) {
    const CheckRecord check = verdict(record, between(metric, {}, 1e18));
    EXPECT_EQ(check.verdict, Verdict::kInconclusive) << metric;
    EXPECT_NE(check.observed.find("killed before it ended"), std::string::npos);
  }
  EXPECT_EQ(verdict(record, between("p99", {}, 500)).verdict, Verdict::kPass) << "it printed that";
  const PayloadRecord lost = ended(0, PayloadEnd::kMachineLost);
  EXPECT_EQ(verdict(lost, equals("exit_code", 0)).verdict, Verdict::kInconclusive);
}

TEST(PayloadChecks, metrics_of_its_own_do_not_hide_the_common_ones) {
  PayloadRecord record;
  record.wait_status = 1 << 8;
  record.metrics = {{.name = "exit_code", .value = 0}};
  add_common_metrics(record);
  EXPECT_EQ(verdict(record, equals("exit_code", 1)).verdict, Verdict::kPass);
  EXPECT_EQ(verdict(record, equals("output.exit_code", 0)).verdict, Verdict::kPass);
}

TEST(PayloadChecks, only_those_with_a_gate_count_for_the_run) {
  PayloadRecord recorded = ended(0);
  recorded.checks = {{.name = "p99", .verdict = Verdict::kFail}};
  PayloadRecord gating = recorded;
  gating.gate = true;
  gating.cgroup = "base";
  const auto gates = gating_checks({}, {recorded, gating});
  ASSERT_EQ(gates.size(), 1U);
  EXPECT_EQ(gates[0].name, "payload bench@base p99");
  EXPECT_EQ(gates[0].verdict, Verdict::kFail);
}

TEST(PayloadChecks, a_gate_of_a_payload_that_never_ran_is_inconclusive) {
  PayloadDef bench;
  bench.name = "bench";
  bench.gate = true;
  bench.checks = {equals("exit_code", 0)};
  const auto gates = gating_checks({&bench, 1}, {});
  ASSERT_EQ(gates.size(), 1U);
  EXPECT_EQ(gates[0].name, "payload bench exit_code");
  EXPECT_EQ(gates[0].verdict, Verdict::kInconclusive);
  EXPECT_EQ(gates[0].observed, "the payload never ran");
  EXPECT_EQ(gates[0].limit, "equals 0");
  EXPECT_EQ(gating_checks({&bench, 1}, {ended(0)}).size(), 0U) << "it ran: see its record";
}

} // namespace
} // namespace schedrig::engine
