// SPDX-License-Identifier: MIT
// cpu.max and pids.max of the mock machine: what workers get, and what the files say of it.
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

class BandwidthTest : public testing::Test {
 protected:
  BandwidthTest() {
    EXPECT_TRUE(m.attach<eevdf::Eevdf>("eevdf").ok());
    EXPECT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpu +cpuset +pids"), 0);
    EXPECT_EQ(m.mkdir(a), 0);
  }
  // A line of a flat keyed file.
  std::int64_t value(const std::string& path, const std::string& key) {
    const std::string text = "\n" + m.read(path).data;
    const std::size_t at = text.find("\n" + key + " ");
    EXPECT_NE(at, std::string::npos) << path << " has no " << key;
    return at == std::string::npos ? 0 : std::stoll(text.substr(at + key.size() + 2));
  }
  std::int64_t stat(const std::string& cgroup, const std::string& key) {
    return value(cgroup + "/cpu.stat", key);
  }
  // Of the cgroup's CPU time in a time, in CPUs.
  double used(const std::string& cgroup, std::int64_t ns) {
    const std::int64_t before = stat(cgroup, "usage_usec");
    m.run_for(ns);
    return static_cast<double>(stat(cgroup, "usage_usec") - before) * 1000 /
           static_cast<double>(ns);
  }

  TestMachine m{4};
  const std::string a = kCgroups + "/a";
};

TEST_F(BandwidthTest, a_cgroup_gets_its_quota_and_no_more) {
  ASSERT_EQ(m.write(a + "/cpu.max", "30000 100000"), 0);
  m.run_work(work(WorkType::kSpin, 4), a);
  // Ticks overrun by up to 4 ms on each CPU; that is paid back from the next period.
  EXPECT_NEAR(used(a, 10 * kSecond), 0.3, 0.01);
  EXPECT_NEAR(static_cast<double>(stat(a, "nr_periods")), 100, 2);
  EXPECT_NEAR(static_cast<double>(stat(a, "nr_throttled")), 100, 3);
  EXPECT_GT(stat(a, "throttled_usec"), 20'000'000); // of four CPUs for ten seconds
}

TEST_F(BandwidthTest, a_quota_above_a_cpu_is_shared_by_several) {
  ASSERT_EQ(m.write(a + "/cpu.max", "250000 100000"), 0);
  m.run_work(work(WorkType::kSpin, 4), a);
  EXPECT_NEAR(used(a, 5 * kSecond), 2.5, 0.05);
}

TEST_F(BandwidthTest, who_needs_less_is_not_throttled_and_its_timer_stops) {
  ASSERT_EQ(m.write(a + "/cpu.max", "60000 100000"), 0);
  const auto group = m.run_work(work(WorkType::kBursty), a); // 50 of 150 ms
  m.run_for(3 * kSecond);
  EXPECT_EQ(stat(a, "nr_throttled"), 0);
  EXPECT_EQ(stat(a, "throttled_usec"), 0);
  EXPECT_GT(stat(a, "nr_periods"), 10);
  m.stop(group);
  m.run_for(kSecond);
  const std::int64_t periods = stat(a, "nr_periods");
  m.run_for(kSecond);
  EXPECT_EQ(stat(a, "nr_periods"), periods);
}

TEST_F(BandwidthTest, lifting_the_limit_lets_throttled_workers_run_at_once) {
  ASSERT_EQ(m.write(a + "/cpu.max", "1000 1000000"), 0);
  m.run_work(work(WorkType::kSpin, 2), a);
  EXPECT_LT(used(a, 2 * kSecond), 0.02);
  ASSERT_EQ(m.write(a + "/cpu.max", "max"), 0);
  EXPECT_NEAR(used(a, kSecond), 2.0, 0.02);
}

TEST_F(BandwidthTest, the_tighter_of_nested_limits_holds) {
  ASSERT_EQ(m.write(a + "/cgroup.subtree_control", "+cpu"), 0);
  ASSERT_EQ(m.mkdir(a + "/b"), 0);
  ASSERT_EQ(m.mkdir(a + "/c"), 0);
  ASSERT_EQ(m.write(a + "/cpu.max", "100000 100000"), 0);
  ASSERT_EQ(m.write(a + "/b/cpu.max", "20000 100000"), 0);
  m.run_work(work(WorkType::kSpin, 2), a + "/b");
  m.run_work(work(WorkType::kSpin, 2), a + "/c");
  m.run_for(kSecond);
  EXPECT_NEAR(used(a, 5 * kSecond), 1.0, 0.03);
  EXPECT_NEAR(used(a + "/b", 5 * kSecond), 0.2, 0.01);
}

TEST_F(BandwidthTest, burst_carries_unused_quota_over) {
  ASSERT_EQ(m.write(a + "/cpu.max", "40000 100000"), 0);
  EXPECT_EQ(m.write(a + "/cpu.max.burst", "50000"), EINVAL); // more than the quota
  const auto run = [this](const std::string& burst) {
    EXPECT_EQ(m.write(a + "/cpu.max.burst", burst), 0);
    WorkSpec spec = work(WorkType::kBursty); // 60 ms in 240: 25% on average
    spec.burst_ns = 60 * kMs;
    spec.sleep_ns = 180 * kMs;
    const auto group = m.run_work(spec, a);
    m.run_for(5 * kSecond);
    return m.stop(group)[0].report.iterations;
  };
  const std::uint64_t without = run("0");
  EXPECT_EQ(stat(a, "nr_bursts"), 0);
  const std::uint64_t with = run("40000");
  EXPECT_GT(with, without);
  EXPECT_GT(stat(a, "nr_bursts"), 5);
  EXPECT_GT(stat(a, "burst_usec"), 5 * 10'000);
}

TEST_F(BandwidthTest, throttled_workers_can_be_stopped_frozen_and_moved) {
  ASSERT_EQ(m.write(a + "/cpu.max", "1000 100000"), 0);
  const auto group = m.run_work(work(WorkType::kSpin, 2), a);
  const auto moved = m.run_work(work(WorkType::kSpin), a);
  const std::string pid = std::to_string(m.pids()[0]);
  m.run_for(kSecond);
  EXPECT_NE(m.read("/proc/" + pid + "/stat").data.find(") R "), std::string::npos);
  ASSERT_EQ(m.write(a + "/cgroup.freeze", "1"), 0);
  m.run_for(kSecond);
  EXPECT_EQ(m.read(a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  ASSERT_EQ(m.write(a + "/cgroup.freeze", "0"), 0);
  m.run_for(kSecond / 3);
  ASSERT_EQ(m.write(kCgroups + "/cgroup.procs", pid), 0); // free of the limit
  m.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(m.stop(moved)[0].report.cpu_ns), 1.0 * kSecond, 0.05 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_GT(each.gaps[0].length_ns, 50 * kMs); // being throttled is a gap
  }
  EXPECT_EQ(m.rmdir(a), 0);
}

TEST_F(BandwidthTest, the_kernel_does_not_throttle_tasks_of_another_scheduler) {
  ASSERT_EQ(m.write(a + "/cpu.max", "10000 100000"), 0);
  m.run_work(work(WorkType::kSpin), a);
  EXPECT_NEAR(used(a, kSecond), 0.1, 0.01);
  ASSERT_TRUE(m.attach<fifo::Fifo>("fifo").ok());
  EXPECT_NEAR(used(a, kSecond), 1.0, 0.01);
  ASSERT_TRUE(m.schedulers().detach(kSecond).ok());
  m.run_for(kSecond);
  EXPECT_NEAR(used(a, kSecond), 0.1, 0.01);
}

TEST_F(BandwidthTest, pids_max_refuses_forks_and_counts_them) {
  ASSERT_EQ(m.write(a + "/pids.max", "3"), 0);
  const auto group = m.run_work(work(WorkType::kForkExit, 2), a); // one child at a time
  m.run_for(kSecond);
  EXPECT_GT(std::stoll(m.fact("sim.forks_refused")), 100);
  // One may have been refused that its worker does not know of yet.
  EXPECT_NEAR(static_cast<double>(value(a + "/pids.events", "max")),
              std::stod(m.fact("sim.forks_refused")), 1);
  ASSERT_EQ(m.write(a + "/pids.max", "4"), 0);
  const std::int64_t refused = value(a + "/pids.events", "max");
  m.run_for(kSecond);
  EXPECT_EQ(value(a + "/pids.events", "max"), refused);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_GT(each.report.iterations, 5'000U);
  }
}

} // namespace
} // namespace schedrig::mock::test
