// SPDX-License-Identifier: MIT
// The ops on schedulers on the backend under test, through the same engine as `schedrig run`. A
// backend that can attach none refuses them, each with the same status, and changes nothing.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/report/names.hpp"
#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {
namespace {

using engine::RunReport;
using engine::SchedulerEvent;
using engine::SchedulerEventKind;

constexpr std::int64_t kMs = 1'000'000;

// The first attach after boot takes longest; an emulated machine needs more than the default.
AttachScheduler attach(std::string scheduler) {
  constexpr std::int64_t kPatienceNs = 150'000 * kMs;
  return {.scheduler = std::move(scheduler), .timeout_ns = kPatienceNs};
}

Scenario busy(std::vector<OpBody> ops, std::int64_t hold_ns = 50 * kMs) {
  Scenario scenario;
  scenario.files = {"contract"};
  WorkGroup spinners;
  spinners.workers = 2 * kCpus;
  CgroupDef load;
  load.name = "load";
  load.work = {spinners};
  scenario.backdrop.cgroups = {load};
  Step step;
  step.name = "case";
  for (OpBody& body : ops) {
    step.ops.push_back({.body = std::move(body), .pos = {}});
  }
  step.hold = HoldFixed{.duration_ns = hold_ns};
  scenario.steps.push_back(std::move(step));
  return scenario;
}

class SchedulerContract : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(booted().up()) << booted().problem(); }
  static BootedMachine& booted() { return BootedMachine::get(); }
  // Status of the last op of the case's step.
  static StatusCode last_status(const RunReport& report) {
    const auto& error = report.steps.at(0).ops.back().error;
    return error ? error->code : StatusCode::kOk;
  }
  static std::string last_message(const RunReport& report) {
    const auto& error = report.steps.at(0).ops.back().error;
    return error ? error->message + "; " + error->help : std::string();
  }
  static void expect_nothing_left() {
    EXPECT_FALSE(booted().files().read("/sys/fs/cgroup/schedrig/cgroup.procs"));
  }
};

TEST_F(SchedulerContract, a_backend_without_them_refuses_to_attach_and_goes_on) {
  const RunReport report = booted().run(busy({attach("fifo")}));
  const bool attaches = booted().attaches_schedulers();
  EXPECT_EQ(last_status(report), attaches ? StatusCode::kOk : StatusCode::kUnsupported)
      << last_message(report);
  EXPECT_EQ(report.scheduler_events.size(), attaches ? 2U : 0U);
  expect_nothing_left();
}

TEST_F(SchedulerContract, attaching_the_kernels_own_is_refused_with_the_way_out) {
  const RunReport report = booted().run(busy({attach("eevdf")}));
  EXPECT_EQ(last_status(report), StatusCode::kInvalidArgument);
  EXPECT_NE(last_message(report).find("nothing is attached"), std::string::npos);
}

TEST_F(SchedulerContract, an_unknown_scheduler_is_not_found_and_the_nearest_is_named) {
  const RunReport report = booted().run(busy({attach("vtimes")}));
  EXPECT_EQ(last_status(report), StatusCode::kNotFound);
  EXPECT_NE(last_message(report).find("did you mean \"vtime\"?"), std::string::npos)
      << last_message(report);
}

TEST_F(SchedulerContract, with_nothing_attached_detach_restart_and_replace_are_not_found) {
  for (const OpBody& body : {OpBody(DetachScheduler{}), OpBody(RestartScheduler{}),
                             OpBody(ReplaceScheduler{.scheduler = "fifo"})}) {
    const RunReport report = booted().run(busy({body}));
    EXPECT_EQ(last_status(report), StatusCode::kNotFound) << last_message(report);
    EXPECT_NE(last_message(report).find("no scheduler is attached"), std::string::npos);
    expect_nothing_left();
  }
}

// What needs a scheduler that can really be attached.
class AttachedContract : public SchedulerContract {
 protected:
  void SetUp() override {
    SchedulerContract::SetUp();
    if (!booted().attaches_schedulers()) {
      GTEST_SKIP() << "this backend attaches no scheduler";
    }
  }
  // Time for a scheduler to be attached and to fail; under emulation an attach takes seconds.
  static std::int64_t long_enough(std::int64_t simulated_ns) {
    constexpr std::int64_t kReal = 30'000 * kMs;
    return booted().has_real_clock() ? kReal : simulated_ns;
  }
};

TEST_F(AttachedContract, a_second_attach_fails_at_once_and_names_the_first) {
  const std::int64_t before = booted().machine().now_ns();
  const RunReport report = booted().run(busy({attach("fifo"), attach("vtime")}));
  EXPECT_EQ(last_status(report), StatusCode::kAlreadyExists);
  EXPECT_NE(last_message(report).find("\"fifo\" is attached"), std::string::npos)
      << last_message(report);
  const auto& ops = report.steps[0].ops;
  EXPECT_LT(ops[1].end_ns - ops[1].start_ns, 1'000 * kMs) << "no timeout is waited for";
  EXPECT_GT(ops[0].end_ns, before);
}

TEST_F(AttachedContract, replace_reports_the_gap_without_a_scheduler) {
  const RunReport report =
      booted().run(busy({attach("fifo"), ReplaceScheduler{.scheduler = "vtime"}}));
  ASSERT_FALSE(report.cause) << report.cause->message;
  ASSERT_EQ(report.scheduler_events.size(), 4U);
  EXPECT_EQ(report.scheduler_events[1].kind, SchedulerEventKind::kDetach);
  const SchedulerEvent& attach = report.scheduler_events[2];
  EXPECT_EQ(attach.kind, SchedulerEventKind::kAttach);
  EXPECT_EQ(attach.scheduler, "vtime");
  ASSERT_TRUE(attach.gap_ns);
  EXPECT_GE(*attach.gap_ns, attach.at_ns - report.scheduler_events[1].at_ns);
  EXPECT_FALSE(report.scheduler_events[0].gap_ns);
}

TEST_F(AttachedContract, restart_respawns_the_one_attached_last) {
  const RunReport report = booted().run(
      busy({attach("fifo"), ReplaceScheduler{.scheduler = "vtime"}, RestartScheduler{}}));
  ASSERT_FALSE(report.cause) << report.cause->message;
  ASSERT_EQ(report.scheduler_events.size(), 6U);
  EXPECT_EQ(report.scheduler_events[4].scheduler, "vtime");
  EXPECT_TRUE(report.scheduler_events[4].gap_ns);
}

TEST_F(AttachedContract, a_failed_replacement_leaves_none_and_says_so) {
  const RunReport report =
      booted().run(busy({attach("fifo"), ReplaceScheduler{.scheduler = "refuses_init"}}));
  EXPECT_EQ(last_status(report), StatusCode::kInvalidArgument);
  EXPECT_NE(last_message(report).find("\"fifo\" is detached: the machine is without"),
            std::string::npos)
      << last_message(report);
  EXPECT_EQ(report.scheduler_events.size(), 2U);
}

TEST_F(AttachedContract, an_attach_that_takes_too_long_times_out_and_the_machine_goes_on) {
  const RunReport report =
      booted().run(busy({AttachScheduler{.scheduler = "fifo", .timeout_ns = 1}}));
  EXPECT_EQ(last_status(report), StatusCode::kTimeout) << last_message(report);
  EXPECT_FALSE(report.workers.empty()) << "teardown has collected the workers";
  expect_nothing_left();
}

TEST_F(AttachedContract, an_exit_that_nobody_asked_for_fails_the_step_with_what_is_known) {
  const RunReport report = booted().run(busy({attach("loses_a_task")}, long_enough(5'000 * kMs)));
  ASSERT_TRUE(report.cause);
  EXPECT_EQ(report.cause->code, StatusCode::kSchedulerExit);
  for (const char* part :
       {"step 1 \"case\", hold", "\"loses_a_task\" was ejected", "SCX_EXIT_ERROR_STALL (1026)",
        "runnable task stall", "failed to run", "is runnable since"}) {
    EXPECT_NE(report.cause->message.find(part), std::string::npos)
        << part << " in " << report.cause->message;
  }
  const SchedulerEvent& exit = report.scheduler_events.back();
  EXPECT_EQ(exit.kind, SchedulerEventKind::kExit);
  EXPECT_GT(exit.pid, 0);
  EXPECT_FALSE(exit.dump.empty());
  for (const engine::WorkerRecord& worker : report.workers) {
    EXPECT_TRUE(worker.completed) << "pid " << worker.pid;
  }
  expect_nothing_left();
}

TEST_F(AttachedContract, an_exit_as_expected_does_not_fail_the_step) {
  Scenario scenario = busy({attach("breaks_a_rule")}, long_enough(500 * kMs));
  scenario.run.expect = Expectation::kSchedulerExit;
  scenario.run.expect_exit = {.kind = kExitError, .message = "non-existent DSQ"};
  const RunReport report = booted().run(scenario);
  EXPECT_FALSE(report.cause) << report.cause->message;
  EXPECT_TRUE(report.scheduler_events.back().expected);
  EXPECT_FALSE(report.scheduler_events.back().reason.empty());
}

TEST_F(AttachedContract, another_exit_than_the_expected_one_fails_the_step) {
  Scenario scenario = busy({attach("breaks_a_rule")}, long_enough(500 * kMs));
  scenario.run.expect = Expectation::kSchedulerExit;
  scenario.run.expect_exit = {.kind = kExitErrorStall, .message = {}};
  const RunReport report = booted().run(scenario);
  ASSERT_TRUE(report.cause);
  EXPECT_EQ(report.cause->code, StatusCode::kSchedulerExit);
}

TEST_F(AttachedContract, detaching_what_has_exited_says_when_it_did) {
  Scenario scenario = busy({attach("breaks_a_rule")}, long_enough(500 * kMs));
  scenario.run.expect = Expectation::kSchedulerExit;
  Step second;
  second.name = "late";
  second.ops.push_back({.body = DetachScheduler{}, .pos = {}});
  scenario.steps.push_back(std::move(second));
  const RunReport report = booted().run(scenario);
  ASSERT_TRUE(report.cause);
  EXPECT_EQ(report.cause->code, StatusCode::kNotFound);
  EXPECT_NE(report.cause->help.find("\"breaks_a_rule\" exited at"), std::string::npos)
      << report.cause->help;
}

TEST_F(AttachedContract, a_restart_is_done_only_where_the_scenario_allows_it) {
  Scenario scenario = busy({attach("asks_for_restart")}, long_enough(300 * kMs));
  const RunReport refused = booted().run(scenario);
  ASSERT_TRUE(refused.cause);
  EXPECT_NE(refused.cause->help.find("on_exit = \"restart\""), std::string::npos);

  scenario.run.on_exit = OnExit::kRestart;
  const RunReport report = booted().run(scenario);
  EXPECT_FALSE(report.cause) << report.cause->message;
  std::size_t restarts = 0;
  for (std::size_t i = 0; i + 1 < report.scheduler_events.size(); ++i) {
    if (report.scheduler_events[i].restarted) {
      ++restarts;
      EXPECT_EQ(report.scheduler_events[i + 1].kind, SchedulerEventKind::kAttach);
      EXPECT_TRUE(report.scheduler_events[i + 1].gap_ns);
    }
  }
  EXPECT_GE(restarts, 2U);
}

} // namespace
} // namespace schedrig::contract
