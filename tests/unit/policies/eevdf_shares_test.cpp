// SPDX-License-Identifier: MIT
// Shares and lag of the policy `eevdf` on a simulated machine: within 1% of the weights' ratios,
// within a slice (and the tick that ends it).
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using eevdf::Eevdf;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

std::unique_ptr<TestMachine> machine(std::uint32_t cpus) {
  auto m = std::make_unique<TestMachine>(cpus);
  EXPECT_TRUE(m->attach<Eevdf>("eevdf").ok());
  EXPECT_EQ(m->write(kCgroups + "/cgroup.subtree_control", "+cpu"), 0);
  return m;
}

double cpu_of(TestMachine& m, std::uint32_t group) {
  double total = 0;
  for (const OwnedReport& each : m.stop(group)) {
    total += static_cast<double>(each.report.cpu_ns);
  }
  return total;
}

struct NicePair {
  std::int32_t nice;
  double weight; // sched_prio_to_weight
  std::uint32_t cpus;
};

class NiceShares : public testing::TestWithParam<NicePair> {};

TEST_P(NiceShares, are_within_one_percent_of_the_weights) {
  const auto m = machine(1);
  WorkSpec light = work(WorkType::kSpin);
  light.nice = GetParam().nice;
  const auto a = m->run_work(work(WorkType::kSpin));
  const auto b = m->run_work(light);
  m->run_for(30 * kSecond);
  const double of_a = cpu_of(*m, a);
  const double of_b = cpu_of(*m, b);
  EXPECT_NEAR(of_b / (of_a + of_b), GetParam().weight / (1024 + GetParam().weight), 0.01);
}

INSTANTIATE_TEST_SUITE_P(Levels, NiceShares,
                         testing::Values(NicePair{-5, 3121, 1}, NicePair{-1, 1277, 1},
                                         NicePair{1, 820, 1}, NicePair{3, 526, 1},
                                         NicePair{10, 110, 1}));

struct WeightPair {
  std::uint32_t weight;
  std::uint32_t cpus;
};

class GroupShares : public testing::TestWithParam<WeightPair> {};

TEST_P(GroupShares, are_within_one_percent_of_cpu_weight) {
  const auto [weight, cpus] = GetParam();
  const auto m = machine(cpus);
  ASSERT_EQ(m->mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/b"), 0);
  ASSERT_EQ(m->write(kCgroups + "/a/cpu.weight", std::to_string(weight)), 0);
  // A worker of each on every CPU: nothing is left for the balancer to do.
  std::vector<std::uint32_t> of_a;
  std::vector<std::uint32_t> of_b;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    const std::array<std::uint32_t, 1> one = {cpu};
    WorkSpec spec = work(WorkType::kSpin);
    spec.cpus = one;
    of_a.push_back(m->run_work(spec, kCgroups + "/a"));
    of_b.push_back(m->run_work(spec, kCgroups + "/b"));
  }
  m->run_for(10 * kSecond);
  double a = 0;
  double b = 0;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    a += cpu_of(*m, of_a[cpu]);
    b += cpu_of(*m, of_b[cpu]);
  }
  EXPECT_NEAR(a / (a + b), weight / (weight + 100.0), 0.01);
}

INSTANTIATE_TEST_SUITE_P(Weights, GroupShares,
                         testing::Values(WeightPair{100, 1}, WeightPair{200, 1}, WeightPair{900, 1},
                                         WeightPair{25, 1}, WeightPair{200, 2}, WeightPair{300, 8},
                                         WeightPair{50, 16}));

// /a (200) holds /a/x (100) and /a/y (300); /b (100) stands beside.
TEST(NestedShares, multiply_down_the_hierarchy) {
  for (const std::uint32_t cpus : {1U, 4U}) {
    const auto m = machine(cpus);
    ASSERT_EQ(m->mkdir(kCgroups + "/a"), 0);
    ASSERT_EQ(m->mkdir(kCgroups + "/b"), 0);
    ASSERT_EQ(m->write(kCgroups + "/a/cgroup.subtree_control", "+cpu"), 0);
    ASSERT_EQ(m->mkdir(kCgroups + "/a/x"), 0);
    ASSERT_EQ(m->mkdir(kCgroups + "/a/y"), 0);
    ASSERT_EQ(m->write(kCgroups + "/a/cpu.weight", "200"), 0);
    ASSERT_EQ(m->write(kCgroups + "/a/y/cpu.weight", "300"), 0);
    std::vector<std::uint32_t> groups;
    for (const char* name : {"/a/x", "/a/y", "/b"}) {
      for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
        const std::array<std::uint32_t, 1> one = {cpu};
        WorkSpec spec = work(WorkType::kSpin);
        spec.cpus = one;
        groups.push_back(m->run_work(spec, kCgroups + name));
      }
    }
    m->run_for(20 * kSecond);
    std::array<double, 3> used{};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      used[i / cpus] += cpu_of(*m, groups[i]);
    }
    const double all = used[0] + used[1] + used[2];
    EXPECT_NEAR(used[0] / all, 2.0 / 3 * 0.25, 0.01) << cpus;
    EXPECT_NEAR(used[1] / all, 2.0 / 3 * 0.75, 0.01) << cpus;
    EXPECT_NEAR(used[2] / all, 1.0 / 3, 0.01) << cpus;
  }
}

TEST(NestedShares, follow_a_change_of_an_ancestors_weight) {
  const auto m = machine(1);
  ASSERT_EQ(m->mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m->write(kCgroups + "/a/cgroup.subtree_control", "+cpu"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/a/x"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/b"), 0);
  const auto x = m->run_work(work(WorkType::kSpin, 2), kCgroups + "/a/x");
  const auto b = m->run_work(work(WorkType::kSpin), kCgroups + "/b");
  m->run_for(5 * kSecond);
  ASSERT_EQ(m->write(kCgroups + "/a/cpu.weight", "400"), 0);
  m->run_for(15 * kSecond);
  const double of_x = cpu_of(*m, x);
  const double of_b = cpu_of(*m, b);
  EXPECT_NEAR(of_x / (of_x + of_b), (5 * 0.5 + 15 * 0.8) / 20, 0.01);
}

TEST(NestedShares, stay_right_while_members_come_and_go) {
  const auto m = machine(2);
  ASSERT_EQ(m->mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m->write(kCgroups + "/a/cgroup.subtree_control", "+cpu"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/a/x"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/a/y"), 0);
  ASSERT_EQ(m->mkdir(kCgroups + "/b"), 0);
  WorkSpec sleepers = work(WorkType::kBursty, 6);
  sleepers.burst_ns = 2 * kMs;
  sleepers.sleep_ns = 3 * kMs;
  const auto x = m->run_work(sleepers, kCgroups + "/a/x");
  const auto y = m->run_work(work(WorkType::kSpin, 4), kCgroups + "/a/y");
  const auto b = m->run_work(work(WorkType::kSpin, 4), kCgroups + "/b");
  m->run_for(10 * kSecond);
  const double in_a = cpu_of(*m, x) + cpu_of(*m, y);
  const double in_b = cpu_of(*m, b);
  EXPECT_NEAR(in_a / (in_a + in_b), 0.5, 0.05);
  EXPECT_NEAR(in_a + in_b, 20.0 * kSecond, 0.1 * kSecond);
}

// Equal spinners that start together are never further apart than a slice and the tick that ends
// it: 0.7 ms x (1 + log2 of the CPUs) and 4 ms.
TEST(Lag, stays_within_a_slice_and_a_tick) {
  const auto m = machine(1);
  const auto group = m->run_work(work(WorkType::kSpin, 5));
  std::vector<std::int32_t> pids = m->pids();
  for (int i = 0; i < 100; ++i) {
    m->run_for(37 * kMs);
  }
  const auto reports = m->stop(group);
  const auto [least, most] = std::ranges::minmax_element(
      reports, {}, [](const OwnedReport& each) { return each.report.cpu_ns; });
  EXPECT_LE(most->report.cpu_ns - least->report.cpu_ns, 2 * (4 * kMs + 700'000));
  for (const OwnedReport& each : reports) {
    // Four others get a slice in between.
    EXPECT_LE(each.gaps[0].length_ns, 2 * 4 * (4 * kMs + 700'000));
  }
}

// A synchronous waker hands its CPU over when it is alone there: the pair stays on one CPU.
TEST(WakeAffinity, a_pipe_pair_runs_where_it_is_woken) {
  TestMachine m(Topology::uniform(1, 2, 2, 1));
  ASSERT_TRUE(m.attach<Eevdf>("eevdf").ok());
  WorkSpec spec = work(WorkType::kPipeIo, 2);
  spec.burst_iterations = 50;
  const auto group = m.run_work(spec);
  m.run_for(2 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_GT(each.report.iterations, 10'000U);
    EXPECT_LT(each.report.migrations, each.report.iterations / 100);
  }
}

} // namespace
} // namespace schedrig::mock::test
