// SPDX-License-Identifier: MIT
// CPUs of the mock machine that the host stops, pins and lets go on: what the guest sees of it.
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <schedrig/vcpu_control.hpp>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

class MockVcpuControl : public testing::Test {
 protected:
  static VcpuControlFacet& control(TestMachine& m) { return *query<VcpuControlFacet>(m.machine()); }

  // The eighth number of that line of /proc/stat, in ms.
  static std::int64_t steal_ms(TestMachine& m, const std::string& name) {
    const std::string text = m.read("/proc/stat").data;
    const std::size_t at = text.find(name + " ");
    EXPECT_NE(at, std::string::npos) << text;
    std::istringstream line(text.substr(at + name.size()));
    std::int64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      line >> value;
    }
    return value * 10; // clock ticks of 10 ms
  }

  // A group of spinners, each pinned to the CPU of its place, that has run for a while.
  static std::uint32_t spin_on(TestMachine& m, const std::vector<std::uint32_t>& cpus) {
    const std::uint32_t group =
        m.spawn(work(WorkType::kSpin, static_cast<std::uint32_t>(cpus.size())));
    for (std::size_t i = 0; i < cpus.size(); ++i) {
      EXPECT_TRUE(m.affinity().pin({&m.pids()[i], 1}, {&cpus[i], 1}).ok());
    }
    EXPECT_TRUE(m.tasks().start(group).ok());
    m.run_for(50 * kMs);
    return group;
  }
};

TEST_F(MockVcpuControl, a_cpu_that_stands_still_does_no_work_and_its_time_is_stolen) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {0, 1});
  EXPECT_TRUE(control(m).stop(1, INT64_MAX).ok());
  m.run_for(200 * kMs);
  EXPECT_TRUE(control(m).resume(1).ok());
  m.run_for(50 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu1"), 200);
  EXPECT_EQ(steal_ms(m, "cpu0"), 0);
  EXPECT_EQ(steal_ms(m, "cpu "), 200);
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_NEAR(static_cast<double>(reports[0].report.cpu_ns - reports[1].report.cpu_ns), 200.0 * kMs,
              1.0 * kMs);
  ASSERT_FALSE(reports[1].gaps.empty());
  EXPECT_NEAR(static_cast<double>(reports[1].gaps.front().length_ns), 200.0 * kMs, 1.0 * kMs);
}

TEST_F(MockVcpuControl, who_waits_on_its_queue_keeps_waiting_and_an_idle_cpu_does_not_help) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {1, 1});
  EXPECT_TRUE(control(m).stop(1, INT64_MAX).ok());
  m.run_for(100 * kMs);
  EXPECT_TRUE(control(m).resume(1).ok());
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 2U);
  for (const OwnedReport& report : reports) {
    EXPECT_EQ(report.cpus, std::vector<std::uint32_t>{1});
    ASSERT_FALSE(report.gaps.empty());
    EXPECT_GE(report.gaps.front().length_ns, 100 * kMs);
  }
}

TEST_F(MockVcpuControl, a_stop_ends_by_itself_at_its_time) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {0, 1});
  EXPECT_TRUE(control(m).stop(1, m.now() + 30 * kMs).ok());
  m.run_for(200 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu1"), 30);
  EXPECT_TRUE(control(m).resume(1).ok()) << "one that runs runs on";
  EXPECT_EQ(m.stop(group).size(), 2U);
}

TEST_F(MockVcpuControl, a_new_time_takes_the_place_of_the_old_one) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {0, 1});
  const std::int64_t start = m.now();
  EXPECT_TRUE(control(m).stop(1, start + 30 * kMs).ok());
  EXPECT_TRUE(control(m).stop(1, start + 70 * kMs).ok());
  m.run_for(200 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu1"), 70);
  EXPECT_EQ(m.stop(group).size(), 2U);
}

TEST_F(MockVcpuControl, sleepers_of_a_cpu_that_stands_still_wake_when_it_goes_on) {
  TestMachine m(2);
  const std::uint32_t group = m.spawn(work(WorkType::kBursty));
  const std::uint32_t cpu = 1;
  EXPECT_TRUE(m.affinity().pin({m.pids().data(), 1}, {&cpu, 1}).ok());
  EXPECT_TRUE(m.tasks().start(group).ok());
  m.run_for(50 * kMs);
  EXPECT_TRUE(control(m).stop(1, m.now() + 100 * kMs).ok());
  m.run_for(300 * kMs);
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_TRUE(reports[0].report.completed);
  ASSERT_FALSE(reports[0].gaps.empty());
  EXPECT_GE(reports[0].gaps.front().length_ns, 80 * kMs);
}

TEST_F(MockVcpuControl, a_pair_on_one_physical_cpu_shares_it) {
  TestMachine m(3);
  const std::uint32_t group = spin_on(m, {0, 1, 2});
  EXPECT_TRUE(control(m).pin(0, 2).ok());
  EXPECT_TRUE(control(m).pin(1, 2).ok());
  m.run_for(600 * kMs);
  EXPECT_TRUE(control(m).unpin(0).ok());
  EXPECT_TRUE(control(m).unpin(1).ok());
  EXPECT_NEAR(static_cast<double>(steal_ms(m, "cpu0")), 300.0, 20.0);
  EXPECT_NEAR(static_cast<double>(steal_ms(m, "cpu1")), 300.0, 20.0);
  EXPECT_EQ(steal_ms(m, "cpu2"), 0) << "one that is not pinned has a physical CPU of its own";
  const std::int64_t before = steal_ms(m, "cpu ");
  m.run_for(100 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu "), before) << "apart again";
  EXPECT_EQ(m.stop(group).size(), 3U);
}

TEST_F(MockVcpuControl, one_alone_on_its_physical_cpu_loses_nothing) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {0});
  EXPECT_TRUE(control(m).pin(0, 1).ok());
  EXPECT_TRUE(control(m).pin(1, 1).ok()) << "idle";
  m.run_for(100 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu "), 0);
  EXPECT_EQ(m.stop(group).size(), 1U);
}

TEST_F(MockVcpuControl, yielding_lets_the_other_of_a_pair_go_first) {
  TestMachine m(2);
  const std::uint32_t group = spin_on(m, {0, 1});
  EXPECT_TRUE(control(m).yield(0).ok());
  m.run_for(10 * kMs);
  EXPECT_EQ(steal_ms(m, "cpu "), 0) << "there is no other";
  EXPECT_TRUE(control(m).pin(0, 0).ok());
  EXPECT_TRUE(control(m).pin(1, 0).ok());
  // CPU 0 gives each of its turns away at once.
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(control(m).yield(0).ok());
    m.run_for(kMs);
  }
  EXPECT_GT(steal_ms(m, "cpu0"), steal_ms(m, "cpu1") + 50);
  EXPECT_EQ(m.stop(group).size(), 2U);
}

TEST_F(MockVcpuControl, a_machine_with_cpus_that_stand_still_shuts_down) {
  TestMachine m(2);
  (void)spin_on(m, {0, 1});
  EXPECT_TRUE(control(m).stop(0, INT64_MAX).ok());
  EXPECT_TRUE(control(m).stop(1, INT64_MAX).ok());
  EXPECT_TRUE(m.machine().shut_down(1'000'000'000).ok());
}

TEST_F(MockVcpuControl, what_there_is_not_is_refused) {
  TestMachine m(2);
  EXPECT_EQ(control(m).physical_cpus(), 2U);
  EXPECT_EQ(control(m).stop(2, INT64_MAX).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(control(m).pin(0, 2).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(control(m).yield(9).code, StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::mock::test
