// SPDX-License-Identifier: MIT
// The policy `faulty`: each fault ends it with the kernel's exit kind, tells its author what to do,
// and leaves the machine running.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/schedulers/faulty/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using faulty::Faulty;

constexpr std::int64_t kSecond = 1'000'000'000;

struct Case {
  std::string fault;
  std::int64_t kind;
  std::string message; // part of it
  std::string help;    // part of it
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.fault;
}

std::vector<ParamValue> params(std::string_view fault) {
  return {ParamValue{.type = ParamType::kString, .key = "fault", .text = fault},
          ParamValue{.type = ParamType::kDuration, .key = "after", .integer = kSecond, .text = {}},
          ParamValue{.type = ParamType::kInteger, .key = "code", .integer = 3, .text = {}},
          ParamValue{.type = ParamType::kString, .key = "message", .text = "as told"}};
}

class FaultyFaults : public testing::TestWithParam<Case> {};

TEST_P(FaultyFaults, exit_with_the_kernels_kind_and_leave_the_machine_running) {
  const Case& one = GetParam();
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Faulty>("faulty", params(one.fault)).ok());
  const std::uint32_t cpu1 = 1;
  WorkSpec pinned = work(WorkType::kSpin, 2);
  pinned.cpus = {&cpu1, 1};
  const auto first = m.run_work(pinned);
  const auto second = m.run_work(work(WorkType::kSpin, 3));
  for (int i = 0; i < 60 && m.exits().empty(); ++i) {
    m.run_for(kSecond);
  }
  ASSERT_EQ(m.exits().size(), 1U);
  const OwnedExit exit = m.exits()[0];
  EXPECT_EQ(exit.kind, one.kind);
  EXPECT_EQ(exit.scheduler, "faulty");
  EXPECT_NE(exit.message.find(one.message), std::string::npos) << exit.message;
  EXPECT_NE(exit.help.find(one.help), std::string::npos) << exit.help;
  EXPECT_GE(exit.at_ns, kSecond);
  EXPECT_EQ(exit.log, "20ms fault " + one.fault + " is due at 1020ms" +
                          (one.fault == "drop" ? exit.log.substr(exit.log.find('\n')) : ""));
  EXPECT_NE(exit.dump.find("CPU"), std::string::npos) << exit.dump;
  EXPECT_EQ(m.read("/sys/kernel/sched_ext/state").data, "disabled\n");

  m.run_for(30 * kSecond); // beyond what a slow callback takes
  for (const std::uint32_t group : {first, second}) {
    for (const OwnedReport& each : m.stop(group)) {
      EXPECT_EQ(each.report.completed, 1U);
      EXPECT_GT(each.report.cpu_ns, kSecond);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultyFaults,
    testing::Values(Case{"stall", 1026, "failed to run for ", "the task waits in DSQ 0"},
                    Case{"drop", 1026, "failed to run for ", "no DSQ holds the task"},
                    Case{"insert_twice", 1024, "already direct-dispatched", "was inserted twice"},
                    Case{"bad_cpu", 1024, "invalid CPU 2", "CPUs are 0 to 1"},
                    Case{"forbidden_cpu", 1024, "target CPU 0 not allowed", "may not run on CPU 0"},
                    Case{"unknown_dsq", 1024, "non-existent DSQ 0x7",
                         "was inserted into DSQ 7, which does not exist: create_dsq(7) in on_init"},
                    Case{"throw", 1025, "enqueue: uncaught exception: as told", ""},
                    Case{"slow", 1024, "soft lockup - CPU", "a callback takes too long"},
                    Case{"error", 1025, "as told", ""}, Case{"exit", 65, "as told", ""},
                    Case{"restart", 65, "as told", ""}),
    [](const auto& each) { return each.param.fault; });

TEST(Faulty, names_the_task_and_since_when_it_waits) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Faulty>("faulty", params("drop")).ok());
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  const auto pids = m.pids();
  while (m.exits().empty() && m.now() < 60 * kSecond) {
    m.run_for(kSecond);
  }
  ASSERT_EQ(m.exits().size(), 1U);
  const OwnedExit& exit = m.exits()[0];
  EXPECT_NE(std::find(pids.begin(), pids.end(), exit.pid), pids.end());
  EXPECT_EQ(exit.task, "spin");
  EXPECT_GE(exit.runnable_since_ns, kSecond);
  EXPECT_LT(exit.runnable_since_ns, 2 * kSecond);
  EXPECT_NE(exit.dump.find("  R spin[" + std::to_string(exit.pid) + "] -"), std::string::npos)
      << exit.dump;
  EXPECT_NE(exit.log.find("dropping task pid " + std::to_string(exit.pid)), std::string::npos);
  m.stop(group);
}

TEST(Faulty, what_is_for_real_kernels_is_refused) {
  for (const char* fault : {"hang", "pinned_last"}) {
    TestMachine m(1);
    const Status status = m.attach<Faulty>("faulty", params(fault));
    EXPECT_EQ(status.code, StatusCode::kUnsupported);
    EXPECT_NE(std::string_view(status.message).find("real kernel only"), std::string_view::npos)
        << status.message;
  }
}

TEST(Faulty, a_restart_is_an_exit_code) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Faulty>("faulty", params("restart")).ok());
  m.run_for(2 * kSecond);
  ASSERT_EQ(m.exits().size(), 1U);
  EXPECT_EQ(m.exits()[0].code, kExitCodeRestart | 3);
}

TEST(Faulty, without_a_fault_is_a_sound_scheduler) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Faulty>("faulty", params("none")).ok());
  const auto group = m.run_work(work(WorkType::kSpin, 4));
  m.run_for(60 * kSecond);
  EXPECT_TRUE(m.exits().empty());
  EXPECT_EQ(m.fact("scheduler.attached"), "faulty");
  m.stop(group);
}

TEST(Faulty, a_shorter_watchdog_notices_sooner) {
  TestMachine m(1);
  auto with_watchdog = params("stall");
  with_watchdog.push_back(
      {.type = ParamType::kDuration, .key = "watchdog", .integer = 2 * kSecond, .text = {}});
  ASSERT_TRUE(m.attach<Faulty>("faulty", with_watchdog).ok());
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(5 * kSecond);
  ASSERT_EQ(m.exits().size(), 1U);
  EXPECT_LE(m.exits()[0].at_ns, 5 * kSecond);
  m.stop(group);
}

TEST(Faulty, init_and_unknown_faults_refuse_the_attach) {
  TestMachine m(1);
  EXPECT_STREQ(m.attach<Faulty>("faulty", params("init")).message,
               "init fails, as fault = \"init\" says");
  const Status unknown = m.attach<Faulty>("faulty", params("stal"));
  EXPECT_STREQ(unknown.message, "fault \"stal\" is unknown");
  EXPECT_NE(std::string(unknown.help).find("stall"), std::string::npos);
  EXPECT_EQ(m.fact("scheduler.attached"), "none");
}

} // namespace
} // namespace schedrig::mock::test
