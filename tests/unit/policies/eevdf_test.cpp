// SPDX-License-Identifier: MIT
// The policy `eevdf` on a simulated machine: shares, latency, placement, groups.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using eevdf::Eevdf;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

double cpu_of(TestMachine& m, std::uint32_t group) {
  double total = 0;
  for (const OwnedReport& each : m.stop(group)) {
    total += static_cast<double>(each.report.cpu_ns);
  }
  return total;
}

WorkSpec niced(std::int32_t nice) {
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = nice;
  return spec;
}

TEST(Eevdf, nice_levels_share_one_cpu_by_weight) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  const auto heavy = m.run_work(niced(0));
  const auto light = m.run_work(niced(5));
  m.run_for(20 * kSecond);
  const double a = cpu_of(m, heavy);
  const double b = cpu_of(m, light);
  EXPECT_NEAR(a / (a + b), 1024.0 / (1024 + 335), 0.01);
}

TEST(Eevdf, sched_idle_gets_three_parts_in_a_thousand) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  WorkSpec idle = work(WorkType::kSpin);
  idle.policy = SchedClass::kIdle;
  const auto normal = m.run_work(niced(0));
  const auto background = m.run_work(idle);
  m.run_for(60 * kSecond);
  const double a = cpu_of(m, normal);
  const double b = cpu_of(m, background);
  EXPECT_NEAR(b / (a + b), 3.0 / 1027, 0.001);
}

TEST(Eevdf, equal_spinners_share_two_cpus_equally) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 4));
  m.run_for(10 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns) / (10.0 * kSecond), 0.5, 0.01);
  }
}

TEST(Eevdf, a_sleeper_is_woken_within_a_slice_of_a_spinner) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  WorkSpec sleeper = work(WorkType::kBursty);
  sleeper.burst_ns = kMs;
  sleeper.sleep_ns = 20 * kMs;
  const auto spinner = m.run_work(work(WorkType::kSpin));
  const auto group = m.run_work(sleeper);
  m.run_for(5 * kSecond);
  const auto reports = m.stop(group);
  ASSERT_FALSE(reports[0].gaps.empty());
  EXPECT_LE(reports[0].gaps[0].length_ns, 5 * kMs); // a tick, in which the slice ends
  // A cycle is 1 ms of work, 20 ms of sleep and at most a tick of waiting.
  EXPECT_GT(reports[0].report.iterations, 190U);
  m.stop(spinner);
}

TEST(Eevdf, short_sleeps_do_not_buy_time) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  WorkSpec cheat = work(WorkType::kBursty);
  cheat.burst_ns = 3 * kMs;
  cheat.sleep_ns = kMs / 10;
  const auto spinner = m.run_work(work(WorkType::kSpin));
  const auto group = m.run_work(cheat);
  m.run_for(20 * kSecond);
  const double a = cpu_of(m, spinner);
  const double b = cpu_of(m, group);
  EXPECT_LT(b / (a + b), 0.51);
}

TEST(Eevdf, changing_ones_own_affinity_does_not_buy_time) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  const auto spinner = m.run_work(work(WorkType::kSpin));
  const auto group = m.run_work(work(WorkType::kAffinityChurn));
  m.run_for(5 * kSecond);
  const double a = cpu_of(m, spinner);
  const double b = cpu_of(m, group);
  EXPECT_NEAR(b / (a + b), 0.5, 0.02);
}

TEST(Eevdf, an_idle_cpu_pulls_waiting_work) {
  TestMachine m(4);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  ASSERT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpuset"), 0);
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "0"), 0);
  const auto group = m.run_work(work(WorkType::kSpin, 4), kCgroups + "/a");
  m.run_for(kSecond);
  ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "0-3"), 0);
  const std::string idle_before = m.fact("sim.idle_ns");
  m.run_for(kSecond);
  // All four CPUs are busy within a few ticks.
  EXPECT_LT(std::stoll(m.fact("sim.idle_ns")) - std::stoll(idle_before), 60 * kMs);
  m.stop(group);
}

TEST(Eevdf, cpu_weight_shares_a_cpu_between_groups) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  ASSERT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpu"), 0);
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m.mkdir(kCgroups + "/b"), 0);
  ASSERT_EQ(m.write(kCgroups + "/a/cpu.weight", "300"), 0);
  const auto a = m.run_work(work(WorkType::kSpin, 1), kCgroups + "/a");
  const auto b = m.run_work(work(WorkType::kSpin, 3), kCgroups + "/b");
  m.run_for(20 * kSecond);
  const double in_a = cpu_of(m, a);
  const double in_b = cpu_of(m, b);
  EXPECT_NEAR(in_a / (in_a + in_b), 0.75, 0.01); // whatever the number of tasks
}

TEST(Eevdf, a_group_without_a_cpu_controller_competes_as_single_tasks) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m.mkdir(kCgroups + "/b"), 0);
  const auto a = m.run_work(work(WorkType::kSpin, 1), kCgroups + "/a");
  const auto b = m.run_work(work(WorkType::kSpin, 3), kCgroups + "/b");
  m.run_for(20 * kSecond);
  const double in_a = cpu_of(m, a);
  const double in_b = cpu_of(m, b);
  EXPECT_NEAR(in_a / (in_a + in_b), 0.25, 0.01);
}

TEST(Eevdf, new_tasks_go_to_idle_cores_of_both_llcs) {
  TestMachine m(Topology::uniform(1, 2, 2, 2)); // 8 CPUs, 4 cores, 2 LLCs
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  std::vector<std::uint32_t> groups;
  for (int i = 0; i < 4; ++i) { // each forked while those before it run
    groups.push_back(m.run_work(work(WorkType::kSpin)));
  }
  m.run_for(kSecond / 10);
  std::vector<std::uint32_t> cores;
  for (const std::uint32_t group : groups) {
    cores.push_back(m.stop(group)[0].cpus.back() / 2);
  }
  std::sort(cores.begin(), cores.end());
  EXPECT_EQ(cores, (std::vector<std::uint32_t>{0, 1, 2, 3}));
}

TEST(Eevdf, pairs_that_wake_each_other_make_progress) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  WorkSpec spec = work(WorkType::kPipeIo, 2);
  spec.burst_iterations = 100; // about 0.1 ms
  const auto group = m.run_work(spec);
  m.run_for(kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_GT(each.report.iterations, 8'000U);
    EXPECT_LT(each.report.iterations, 9'800U);
  }
}

} // namespace
} // namespace schedrig::mock::test
