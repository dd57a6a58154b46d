// SPDX-License-Identifier: MIT
// Payload ops and what a step's end does to payloads, on a machine that plays a script.
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/scenario_runner.hpp"
#include "tests/unit/engine/fake_payload_machine.hpp"

namespace schedrig::engine {
namespace {

using test::FakePayloadMachine;
using test::kForEver;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMs = 1'000'000;

OpBody start(std::string payload, std::optional<std::string> cgroup = {}) {
  return RunPayload{.payload = std::move(payload), .args = {}, .cgroup = std::move(cgroup)};
}
OpBody await(std::string name, std::optional<std::int64_t> timeout_ns = {}) {
  return WaitPayload{.name = std::move(name), .cgroup = {}, .timeout_ns = timeout_ns};
}

class PayloadOps : public testing::Test {
 protected:
  PayloadOps() {
    scenario_.run.scheduler = "fifo";
    declare("bench", "bench", {.runs_ns = 5 * kMs, .stdout_text = "p99: 412\n"});
    declare("endless", "endless", {.runs_ns = kForEver});
  }

  PayloadDef& declare(std::string name, const std::string& binary, test::Script script) {
    machine_.scripts[binary] = std::move(script);
    PayloadDef& def = scenario_.payloads.emplace_back();
    def.name = std::move(name);
    def.binary = binary;
    return def;
  }
  PayloadDef& bench() { return scenario_.payloads.front(); }

  Step& step(std::vector<OpBody> ops) {
    Step& step = scenario_.steps.emplace_back();
    step.name = "s" + std::to_string(scenario_.steps.size());
    for (OpBody& body : ops) {
      step.ops.push_back({.body = std::move(body), .pos = {}});
    }
    return step;
  }
  void backdrop(CgroupDef def) { scenario_.backdrop.cgroups.push_back(std::move(def)); }
  static CgroupDef cgroup(std::string name, std::string payload = {}) {
    CgroupDef def;
    def.name = std::move(name);
    def.payload = std::move(payload);
    return def;
  }

  const RunReport& run(std::int64_t deadline_ns = kForEver) {
    RunObserver observer;
    const EventCollector events(observer);
    const Cancellation cancellation;
    const TopologyView view = topology_.view();
    Session session(machine_, machine_.files(), machine_.tasks(), view, events, cancellation);
    session.set_deadline(deadline_ns);
    EXPECT_TRUE(session.read_online_cpus());
    run_steps(scenario_, session, observer, report_);
    EXPECT_EQ(machine_.living(), 0U) << "every payload is reaped";
    return report_;
  }

  [[nodiscard]] const Error& error_of(std::size_t step, std::size_t op) const {
    static const Error kNone;
    const auto& error = report_.steps.at(step).ops.at(op).error;
    EXPECT_TRUE(error);
    return error ? *error : kNone;
  }

  Topology topology_ = Topology::uniform(1, 1, 2, 1);
  FakePayloadMachine machine_;
  Scenario scenario_;
  RunReport report_;
};

TEST_F(PayloadOps, is_placed_between_spawn_and_start_with_its_arguments_in_order) {
  backdrop(cgroup("a"));
  bench().default_args = {"-r", "2"};
  step({RunPayload{.payload = "bench", .args = {"-m", "4"}, .cgroup = "a"}, await("bench")});
  EXPECT_FALSE(run().cause);
  EXPECT_THAT(machine_.log, ElementsAre("spawn bench -r 2 -m 4", "write cgroup.procs 100",
                                        "start 100", "collect 100"));
  ASSERT_EQ(report_.payloads.size(), 1U);
  EXPECT_EQ(report_.payloads[0].cgroup, "a");
  EXPECT_THAT(report_.payloads[0].args, ElementsAre("-r", "2", "-m", "4"));
  EXPECT_EQ(report_.payloads[0].end_ns - report_.payloads[0].start_ns, 5 * kMs);
}

TEST_F(PayloadOps, beside_the_runner_no_cgroup_is_touched) {
  step({start("bench"), await("bench")});
  EXPECT_FALSE(run().cause);
  EXPECT_THAT(machine_.log, ElementsAre("spawn bench", "start 100", "collect 100"));
}

TEST_F(PayloadOps, checks_are_recorded_and_do_not_fail_the_step) {
  bench().output = PayloadOutput::kLines;
  for (const char* const metric : {"p99", "exit_code", "absent"}) {
    PayloadCheck& check = bench().checks.emplace_back();
    check.metric = metric;
    check.maximum = 400;
  }
  step({start("bench"), await("bench")});
  EXPECT_FALSE(run().cause);
  const PayloadRecord& record = report_.payloads.at(0);
  ASSERT_EQ(record.checks.size(), 3U);
  EXPECT_EQ(record.checks[0].verdict, Verdict::kFail);
  EXPECT_EQ(record.checks[1].verdict, Verdict::kPass);
  EXPECT_EQ(record.checks[2].verdict, Verdict::kInconclusive);
}

TEST_F(PayloadOps, truncated_output_is_a_reason_for_missing_metrics) {
  declare("chatty", "chatty", {.stdout_text = "a: 1\nb: 2", .truncated = true}).output =
      PayloadOutput::kLines;
  step({start("chatty"), await("chatty")});
  run();
  const PayloadRecord& record = report_.payloads.at(0);
  EXPECT_EQ(record.metrics.back().name, "a") << "b may be half a number";
  EXPECT_EQ(record.metrics_problem, "only the first 9 bytes of its stdout were kept");
}

TEST_F(PayloadOps, undeclared_names_are_answered_with_the_nearest) {
  step({start("bnech")});
  run();
  EXPECT_EQ(error_of(0, 0).code, StatusCode::kNotFound);
  EXPECT_EQ(error_of(0, 0).message, "no payload \"bnech\" is declared");
  EXPECT_THAT(error_of(0, 0).help, HasSubstr("\"bench\""));
}

TEST_F(PayloadOps, a_scheduler_is_no_payload) {
  step({start("fifo")});
  step({AttachScheduler{.scheduler = "vtime"}});
  run();
  EXPECT_EQ(error_of(0, 0).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(error_of(0, 0).message, "\"fifo\" is a scheduler of this scenario, not a payload");
  EXPECT_TRUE(machine_.log.empty());
}

TEST_F(PayloadOps, a_program_that_the_machine_lacks_fails_the_op_with_its_own_words) {
  machine_.scripts.clear();
  step({start("bench")});
  run();
  EXPECT_EQ(error_of(0, 0).code, StatusCode::kNotFound);
  EXPECT_EQ(error_of(0, 0).message, "payload \"bench\" in the runner's cgroup: no such program");
  EXPECT_TRUE(report_.payloads.empty());
}

TEST_F(PayloadOps, one_key_runs_once_at_a_time) {
  backdrop(cgroup("a"));
  step({start("endless", "a"), start("endless"), start("endless", "a")});
  run();
  EXPECT_EQ(error_of(0, 2).code, StatusCode::kAlreadyExists);
  EXPECT_EQ(report_.payloads.size(), 2U);
}

TEST_F(PayloadOps, a_copy_that_cannot_be_placed_is_killed_and_forgotten) {
  backdrop(cgroup("a"));
  machine_.failing_write = "/sys/fs/cgroup/schedrig/a/cgroup.procs";
  step({start("bench", "a")});
  run();
  EXPECT_EQ(error_of(0, 0).os_errno, EBUSY);
  EXPECT_THAT(machine_.log, ElementsAre("spawn bench", "kill 100"));
  EXPECT_TRUE(report_.payloads.empty());
}

TEST_F(PayloadOps, a_copy_that_cannot_start_is_killed_and_forgotten) {
  machine_.on_start = Status::make(StatusCode::kOs, "no memory", {}, ENOMEM);
  step({start("bench")});
  run();
  EXPECT_EQ(error_of(0, 0).os_errno, ENOMEM);
  EXPECT_THAT(machine_.log, ElementsAre("spawn bench", "start 100", "kill 100"));
}

TEST_F(PayloadOps, an_expired_timeout_kills_fails_and_leaves_the_machine_usable) {
  backdrop(cgroup("a"));
  step({start("endless", "a"), await("endless", 20 * kMs)});
  run();
  EXPECT_EQ(error_of(0, 1).code, StatusCode::kTimeout);
  EXPECT_EQ(error_of(0, 1).message, "payload \"endless\" in cgroup \"a\" (pid 100) did not end "
                                    "within 20.0 ms and was killed");
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kWaitTimeout);
  EXPECT_FALSE(report_.backdrop.error) << "the cgroup could be removed";
}

TEST_F(PayloadOps, without_a_timeout_the_runs_deadline_applies_and_the_payload_is_named) {
  step({start("endless"), await("endless")});
  run(50 * kMs);
  EXPECT_EQ(error_of(0, 1).code, StatusCode::kTimeout);
  EXPECT_EQ(error_of(0, 1).message, "wait for payload \"endless\" in the runner's cgroup (pid "
                                    "100): the run's deadline passed");
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kScopeEnd);
}

TEST_F(PayloadOps, a_timeout_longer_than_the_deadline_ends_at_the_deadline) {
  step({start("endless"), await("endless", 80 * kMs)});
  run(50 * kMs);
  EXPECT_THAT(error_of(0, 1).message, HasSubstr("the run's deadline passed"));
}

TEST_F(PayloadOps, the_end_of_a_step_keeps_the_status_of_one_that_ended_before) {
  Step& first = step({start("bench"), start("endless")});
  first.hold = HoldFixed{.duration_ns = 10 * kMs};
  step({});
  run();
  ASSERT_EQ(report_.payloads.size(), 2U);
  EXPECT_EQ(report_.payloads[0].name, "endless") << "last started, first ended";
  EXPECT_EQ(report_.payloads[0].end, PayloadEnd::kScopeEnd);
  EXPECT_EQ(report_.payloads[1].end, PayloadEnd::kItself);
}

TEST_F(PayloadOps, a_consumed_one_cannot_be_waited_for_again) {
  step({start("bench"), KillPayload{.name = "bench", .cgroup = {}}, await("bench")});
  run();
  EXPECT_EQ(error_of(0, 2).code, StatusCode::kNotFound);
  EXPECT_THAT(error_of(0, 2).message, HasSubstr("by kill_payload"));
}

TEST_F(PayloadOps, a_steps_payloads_end_with_it_and_the_backdrops_with_the_run) {
  scenario_.backdrop.ops.push_back({.body = start("endless"), .pos = {}});
  declare("other", "other", {.runs_ns = kForEver});
  step({start("other")});
  step({await("other")});
  run();
  EXPECT_THAT(error_of(1, 0).message, HasSubstr("by the end of its step"));
  ASSERT_EQ(report_.payloads.size(), 2U);
  EXPECT_EQ(report_.payloads[0].name, "other");
  EXPECT_EQ(report_.payloads[1].step, "backdrop");
}

TEST_F(PayloadOps, a_definitions_payload_runs_in_its_cgroup_and_ends_with_it) {
  backdrop(cgroup("a", "endless"));
  step({RemoveCgroup{.cgroup = "a"}});
  EXPECT_FALSE(run().cause);
  EXPECT_THAT(machine_.log,
              ElementsAre("spawn endless", "write cgroup.procs 100", "start 100", "kill 100"));
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kCgroupEnd);
}

TEST_F(PayloadOps, stop_cgroup_ends_those_of_the_cgroup_alone) {
  backdrop(cgroup("a", "endless"));
  backdrop(cgroup("b", "endless"));
  step({StopCgroup{.cgroup = "a"}, await("endless", 10 * kMs)});
  run();
  EXPECT_THAT(error_of(0, 1).message, HasSubstr("in cgroup \"b\""));
  EXPECT_EQ(report_.payloads.at(0).cgroup, "a");
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kCgroupEnd);
}

TEST_F(PayloadOps, a_machine_that_is_lost_is_not_asked_again) {
  step({start("endless"), await("endless")});
  machine_.on_wait = Status::make(StatusCode::kGuestFailed, "the agent is gone");
  RunObserver observer;
  const EventCollector events(observer);
  const Cancellation cancellation;
  const TopologyView view = topology_.view();
  Session session(machine_, machine_.files(), machine_.tasks(), view, events, cancellation);
  run_steps(scenario_, session, observer, report_);
  EXPECT_TRUE(session.lost());
  EXPECT_THAT(machine_.log, ElementsAre("spawn endless", "start 100"));
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kMachineLost);
}

TEST_F(PayloadOps, what_came_of_the_output_of_a_machine_that_failed_is_in_the_record) {
  step({start("endless"), await("endless")});
  machine_.scripts["endless"].stdout_text = "last words";
  machine_.on_wait = Status::make(StatusCode::kGuestFailed, "the kernel panicked");
  machine_.on_kill = machine_.on_wait;
  RunObserver observer;
  EventCollector events(observer);
  machine_.while_waiting = [&] {
    Event failed;
    failed.kind = EventKind::kMachineFailed;
    events.on_event(failed);
  };
  const Cancellation cancellation;
  const TopologyView view = topology_.view();
  Session session(machine_, machine_.files(), machine_.tasks(), view, events, cancellation);
  run_steps(scenario_, session, observer, report_);
  EXPECT_EQ(report_.payloads.at(0).end, PayloadEnd::kMachineLost);
  EXPECT_EQ(report_.payloads.at(0).stdout_tail, "last words");
}

TEST_F(PayloadOps, a_machine_without_the_facet_refuses_by_name) {
  machine_.offers_payloads = false;
  step({start("bench")});
  run();
  EXPECT_EQ(error_of(0, 0).code, StatusCode::kUnsupported);
  EXPECT_EQ(error_of(0, 0).message, "the machine has no schedrig.payloads/1");
}

} // namespace
} // namespace schedrig::engine
