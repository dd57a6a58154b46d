// SPDX-License-Identifier: MIT
// Every op case on the backend under test, through the same engine as `schedrig run`.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "host/report/names.hpp"
#include "tests/contract/op_cases.hpp"
#include "tests/contract/op_cases_payload.hpp"
#include "tests/contract/requirements.hpp"

namespace schedrig::contract {
namespace {

class OpContract : public testing::TestWithParam<OpCase> {};

std::string case_name(const testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.op + "__" + info.param.name;
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

Scenario scenario_of(const OpCase& one) {
  Scenario scenario;
  scenario.files = {"contract"};
  scenario.payloads = contract_payloads();
  scenario.backdrop.cgroups = one.backdrop;
  for (const OpBody& body : one.backdrop_ops) {
    scenario.backdrop.ops.push_back({.body = body, .pos = {}});
  }
  Step step;
  step.name = "case";
  for (const OpBody& body : one.before) {
    step.ops.push_back({.body = body, .pos = {}});
  }
  step.ops.push_back({.body = one.body, .pos = {}});
  // Long enough for every worker of a case to be scheduled, on an emulated host too.
  step.hold = HoldFixed{.duration_ns = 50'000'000};
  scenario.steps.push_back(std::move(step));
  return scenario;
}

// What a backend without the facet owes: a refusal that names it, and nothing left.
void expect_refused(const engine::RunReport& report) {
  ASSERT_TRUE(report.cause);
  EXPECT_EQ(report.cause->code, StatusCode::kUnsupported);
  EXPECT_NE(report.cause->message.find(PayloadsFacet::kInterfaceId), std::string::npos)
      << report.cause->message;
}

TEST_P(OpContract, holds) {
  BootedMachine& machine = BootedMachine::get();
  ASSERT_TRUE(machine.up()) << machine.problem();
  const OpCase& one = GetParam();
  const Scenario scenario = scenario_of(one);
  if (const std::string reason = why_not(one, scenario, machine); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const engine::RunReport report = machine.run(scenario);
  if (needs_payloads(one) && query<PayloadsFacet>(machine.machine()) == nullptr) {
    expect_refused(report);
    return;
  }

  ASSERT_FALSE(report.backdrop.error) << report.backdrop.error->message;
  ASSERT_EQ(report.steps.size(), 1U);
  const auto& ops = report.steps[0].ops;
  ASSERT_EQ(ops.size(), one.before.size() + 1);
  for (std::size_t i = 0; i < one.before.size(); ++i) {
    ASSERT_FALSE(ops[i].error) << ops[i].kind << ": " << ops[i].error->message;
  }
  const auto& error = ops.back().error;
  if (one.status == StatusCode::kOk) {
    EXPECT_FALSE(error) << error->message;
    EXPECT_FALSE(report.cause) << report.cause->message;
  } else {
    ASSERT_TRUE(error) << "succeeded, although it should not have";
    EXPECT_EQ(report::to_string(error->code), report::to_string(one.status)) << error->message;
    EXPECT_EQ(error->os_errno, one.os_errno) << error->message;
  }
  if (one.check) {
    one.check(report);
  }
  // Nothing is left: the managed parent is gone.
  const auto left = machine.files().read("/sys/fs/cgroup/schedrig/cgroup.procs");
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().os_errno, ENOENT) << left.error().message;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpContract, testing::ValuesIn(op_cases()), case_name);

} // namespace
} // namespace schedrig::contract
