// SPDX-License-Identifier: MIT
#include "tests/contract/op_cases_payload.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace schedrig::contract {
namespace {

using engine::PayloadEnd;
using engine::PayloadRecord;
using engine::RunReport;
using engine::Verdict;

constexpr std::int64_t kMs = 1'000'000;

OpBody start(std::string payload, std::optional<std::string> cgroup = {},
             std::vector<std::string> args = {}) {
  return RunPayload{
      .payload = std::move(payload), .args = std::move(args), .cgroup = std::move(cgroup)};
}
OpBody await(std::string name, std::optional<std::string> cgroup = {},
             std::optional<std::int64_t> timeout_ns = {}) {
  return WaitPayload{
      .name = std::move(name), .cgroup = std::move(cgroup), .timeout_ns = timeout_ns};
}
OpBody end(std::string name, std::optional<std::string> cgroup = {}) {
  return KillPayload{.name = std::move(name), .cgroup = std::move(cgroup)};
}

CgroupDef cgroup(std::string name, std::string payload = {}) {
  CgroupDef def;
  def.name = std::move(name);
  def.payload = std::move(payload);
  return def;
}

PayloadDef program(std::string name, std::string binary, std::vector<std::string> args = {}) {
  PayloadDef def;
  def.name = std::move(name);
  def.binary = std::move(binary);
  def.default_args = std::move(args);
  return def;
}

const PayloadRecord& record(const RunReport& report, std::size_t index = 0) {
  static const PayloadRecord kNone;
  EXPECT_LT(index, report.payloads.size());
  return index < report.payloads.size() ? report.payloads[index] : kNone;
}

void ended_by_itself(const PayloadRecord& one, int exit_code) {
  EXPECT_EQ(one.end, PayloadEnd::kItself);
  EXPECT_TRUE(WIFEXITED(one.wait_status)) << one.wait_status;
  EXPECT_EQ(WEXITSTATUS(one.wait_status), exit_code);
  EXPECT_GT(one.pid, 0);
  EXPECT_GE(one.end_ns, one.start_ns);
}

void killed(const PayloadRecord& one, PayloadEnd how) {
  EXPECT_EQ(one.end, how);
  EXPECT_TRUE(WIFSIGNALED(one.wait_status));
  EXPECT_EQ(WTERMSIG(one.wait_status), SIGKILL);
}

void run_cases(std::vector<OpCase>& cases) {
  const std::string op = "run_payload";
  cases.push_back({op,
                   "beside the runner",
                   {},
                   {},
                   start("idle"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { killed(record(report), PayloadEnd::kScopeEnd); }});
  cases.push_back({op,
                   "into a cgroup",
                   {cgroup("a")},
                   {start("idle", "a")},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     ASSERT_EQ(report.cgroup_procs.size(), 1U);
                     EXPECT_EQ(report.cgroup_procs[0].pids,
                               std::vector<std::int32_t>{record(report).pid});
                   }});
  cases.push_back({op,
                   "at once in two cgroups and beside the runner",
                   {cgroup("a"), cgroup("b")},
                   {start("idle", "a"), start("idle", "b")},
                   start("idle"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { EXPECT_EQ(report.payloads.size(), 3U); }});
  cases.push_back(
      {op, "again after it was waited for", {}, {start("yes"), await("yes")}, start("yes")});
  cases.push_back({op,
                   "the payload of a cgroup definition",
                   {cgroup("a", "yes")},
                   {},
                   await("yes", "a"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { ended_by_itself(record(report), 0); }});
  cases.push_back(
      {op, "a payload that is not declared", {}, {}, start("idel"), StatusCode::kNotFound});
  cases.push_back({op, "a scheduler", {}, {}, start("eevdf"), StatusCode::kInvalidArgument});
  cases.push_back({op, "an unknown cgroup", {}, {}, start("idle", "a"), StatusCode::kNotFound});
  cases.push_back(
      {op, "a program that the machine lacks", {}, {}, start("lacking"), StatusCode::kNotFound});
  cases.push_back({op,
                   "twice under one key in a cgroup",
                   {cgroup("a")},
                   {start("idle", "a")},
                   start("idle", "a"),
                   StatusCode::kAlreadyExists});
  cases.push_back({op,
                   "twice under one key beside the runner",
                   {},
                   {start("idle")},
                   start("idle"),
                   StatusCode::kAlreadyExists});
  cases.push_back({op,
                   "more arguments than a payload may have",
                   {},
                   {},
                   start("say", {}, std::vector<std::string>(kMaxPayloadArgs + 1, "x")),
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "an argument that is too long",
                   {},
                   {},
                   start("say", {}, {std::string(kMaxPayloadArgBytes + 1, 'x')}),
                   StatusCode::kInvalidArgument});
}

void wait_cases(std::vector<OpCase>& cases) {
  const std::string op = "wait_payload";
  cases.push_back({op,
                   "an exit status of zero",
                   {},
                   {start("yes")},
                   await("yes"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { ended_by_itself(record(report), 0); }});
  cases.push_back({op,
                   "another exit status is no failure of the op",
                   {},
                   {start("no")},
                   await("no"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { ended_by_itself(record(report), 1); }});
  cases.push_back({op,
                   "a program that takes a while",
                   {},
                   {start("nap")},
                   await("nap", {}, 30'000 * kMs),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     ended_by_itself(record(report), 0);
                     EXPECT_GE(record(report).end_ns - record(report).start_ns, 200 * kMs);
                   }});
  cases.push_back({op,
                   "metrics of what it printed, and checks of them",
                   {},
                   {start("say", {}, {R"({ "p99_us": 412, "n": [1, 2] })"})},
                   await("say"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     ended_by_itself(record(report), 0);
                     EXPECT_EQ(record(report).metrics.size(), 6U);
                     ASSERT_EQ(record(report).checks.size(), 2U);
                     EXPECT_EQ(record(report).checks[0].verdict, Verdict::kFail);
                     EXPECT_EQ(record(report).checks[1].verdict, Verdict::kPass);
                   }});
  cases.push_back({op,
                   "output that is not what was declared is inconclusive",
                   {},
                   {start("say", {}, {"no JSON"})},
                   await("say"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     ASSERT_EQ(record(report).checks.size(), 2U);
                     EXPECT_EQ(record(report).checks[0].verdict, Verdict::kInconclusive);
                   }});
  cases.push_back(
      {op,
       "more output than is kept",
       {},
       {start("say", {},
              std::vector<std::string>(kMaxPayloadArgs, std::string(kMaxPayloadArgBytes, '1')))},
       await("say"),
       StatusCode::kOk,
       0,
       [](const RunReport& report) {
         ended_by_itself(record(report), 0);
         EXPECT_FALSE(record(report).metrics_problem.empty());
       }});
  cases.push_back(
      {op, "a payload that is not declared", {}, {}, await("idel"), StatusCode::kNotFound});
  cases.push_back(
      {op, "a payload that was not started", {}, {}, await("idle"), StatusCode::kNotFound});
  cases.push_back({op,
                   "a copy that was not started in that cgroup",
                   {cgroup("a"), cgroup("b")},
                   {start("idle", "a")},
                   await("idle", "b"),
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "one that was waited for before",
                   {},
                   {start("yes"), await("yes")},
                   await("yes"),
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "one that was killed before",
                   {},
                   {start("idle"), end("idle")},
                   await("idle"),
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "several copies and no cgroup",
                   {cgroup("a"), cgroup("b")},
                   {start("yes", "a"), start("yes", "b")},
                   await("yes"),
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "a timeout that expires kills it",
                   {},
                   {start("idle")},
                   await("idle", {}, 50 * kMs),
                   StatusCode::kTimeout,
                   0,
                   [](const RunReport& report) {
                     killed(record(report), PayloadEnd::kWaitTimeout);
                     EXPECT_EQ(report.payloads.size(), 1U);
                   }});
}

void kill_cases(std::vector<OpCase>& cases) {
  const std::string op = "kill_payload";
  cases.push_back({op,
                   "one that runs",
                   {},
                   {start("idle")},
                   end("idle"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { killed(record(report), PayloadEnd::kKillOp); }});
  cases.push_back({op,
                   "one in a frozen cgroup",
                   {cgroup("a")},
                   {start("idle", "a"), FreezeCgroup{"a"}},
                   end("idle", "a"),
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) { killed(record(report), PayloadEnd::kKillOp); }});
  cases.push_back(
      {op, "a payload that is not declared", {}, {}, end("idel"), StatusCode::kNotFound});
  cases.push_back(
      {op, "a payload that was not started", {}, {}, end("idle"), StatusCode::kNotFound});
  cases.push_back({op,
                   "one that was killed before",
                   {},
                   {start("idle"), end("idle")},
                   end("idle"),
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "several copies and no cgroup",
                   {cgroup("a")},
                   {start("idle", "a"), start("idle")},
                   end("idle"),
                   StatusCode::kInvalidArgument});
  const auto with_its_cgroup = [](const RunReport& report) {
    killed(record(report), PayloadEnd::kCgroupEnd);
  };
  cases.push_back({"stop_cgroup",
                   "ends the payloads in it",
                   {cgroup("a", "idle")},
                   {},
                   StopCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   with_its_cgroup});
  cases.push_back({"stop_cgroup",
                   "ends the payloads in it while it is frozen",
                   {cgroup("a", "idle")},
                   {FreezeCgroup{"a"}},
                   StopCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   with_its_cgroup});
  cases.push_back({"remove_cgroup",
                   "a cgroup with a payload",
                   {cgroup("a", "idle")},
                   {},
                   RemoveCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   with_its_cgroup});
  cases.push_back({.op = "move_all_tasks",
                   .name = "a payload is known by its new cgroup",
                   .backdrop = {cgroup("a", "idle"), cgroup("b")},
                   .before = {MoveAllTasks{.from = "a", .to = "b"}, RemoveCgroup{"a"}},
                   .body = end("idle", "b"),
                   .check = [](const RunReport& report) {
                     killed(record(report), PayloadEnd::kKillOp);
                     EXPECT_EQ(record(report).cgroup, "b");
                   }});
  cases.push_back({.op = "move_all_tasks",
                   .name = "to where the same payload runs",
                   .backdrop = {cgroup("a", "idle"), cgroup("b", "idle")},
                   .body = MoveAllTasks{.from = "a", .to = "b"},
                   .status = StatusCode::kAlreadyExists});
  CgroupDef lacking = cgroup("a", "lacking");
  cases.push_back({"add_cgroup_def",
                   "a payload whose program the machine lacks",
                   {},
                   {},
                   AddCgroupDef{lacking},
                   StatusCode::kNotFound});
}

} // namespace

bool needs_payloads(const OpCase& one) {
  const auto uses = [](const OpBody& body) {
    const auto* add = std::get_if<AddCgroupDef>(&body);
    return std::holds_alternative<RunPayload>(body) || std::holds_alternative<WaitPayload>(body) ||
           std::holds_alternative<KillPayload>(body) ||
           (add != nullptr && !add->def.payload.empty());
  };
  return uses(one.body) || std::ranges::any_of(one.before, uses) ||
         std::ranges::any_of(one.backdrop,
                             [](const CgroupDef& def) { return !def.payload.empty(); });
}

std::vector<PayloadDef> contract_payloads() {
  PayloadDef say = program("say", "echo");
  say.output = PayloadOutput::kJson;
  for (const double limit : {400.0, 412.0}) {
    PayloadCheck& check = say.checks.emplace_back();
    check.metric = "p99_us";
    check.maximum = limit;
  }
  return {program("yes", "true"),
          program("no", "false"),
          program("nap", "sleep", {"0.2"}),
          program("idle", "sleep", {"1000"}),
          program("lacking", "there-is-no-such-program"),
          say};
}

void payload_cases(std::vector<OpCase>& cases) {
  run_cases(cases);
  wait_cases(cases);
  kill_cases(cases);
}

} // namespace schedrig::contract
