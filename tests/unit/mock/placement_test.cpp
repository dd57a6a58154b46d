// SPDX-License-Identifier: MIT
// Affinity, cpusets and the freezer of the mock machine, seen by workers.
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

using Cpus = std::vector<std::uint32_t>;

// The rules are the machine's: they hold under every policy.
template <class Policy> class PlacementTest : public testing::Test {
 protected:
  PlacementTest() {
    EXPECT_TRUE(m.attach<Policy>("policy").ok());
    EXPECT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpuset +cpu"), 0);
    EXPECT_EQ(m.mkdir(kCgroups + "/a"), 0);
  }
  TestMachine m{4};
  const std::string a = kCgroups + "/a";

  // CPU time so far of everything that is or was in the cgroup, in microseconds.
  std::int64_t usage_usec() {
    const std::string text = m.read(a + "/cpu.stat").data;
    return std::stoll(text.substr(text.find(' ')));
  }
};

using Policies = testing::Types<fifo::Fifo, eevdf::Eevdf>;
class PolicyNames {
 public:
  template <class Policy> static std::string GetName(int /*index*/) { // NOLINT: gtest's name
    return std::is_same_v<Policy, fifo::Fifo> ? "fifo" : "eevdf";
  }
};
TYPED_TEST_SUITE(PlacementTest, Policies, PolicyNames);

TYPED_TEST(PlacementTest, affinity_is_kept) {
  const std::array<std::uint32_t, 2> cpus = {1, 3};
  WorkSpec spec = work(WorkType::kBursty, 4);
  spec.cpus = cpus;
  spec.burst_ns = kMs;
  spec.sleep_ns = kMs;
  const auto noise = this->m.run_work(work(WorkType::kSpin, 6));
  const auto group = this->m.run_work(spec);
  this->m.run_for(2 * kSecond);
  for (const OwnedReport& each : this->m.stop(group)) {
    for (const std::uint32_t cpu : each.cpus) {
      EXPECT_TRUE(cpu == 1 || cpu == 3) << cpu;
    }
    EXPECT_GT(each.report.work_units, 0U);
  }
  this->m.stop(noise);
}

TYPED_TEST(PlacementTest, a_cpuset_moves_running_workers_at_once) {
  ASSERT_EQ(this->m.write(this->a + "/cpuset.cpus", "0-1"), 0);
  const auto group = this->m.run_work(work(WorkType::kSpin, 2), this->a);
  this->m.run_for(kSecond);
  ASSERT_EQ(this->m.write(this->a + "/cpuset.cpus", "2-3"), 0);
  const std::int64_t changed = this->m.now();
  this->m.run_for(kSecond);
  for (const OwnedReport& each : this->m.stop(group)) {
    EXPECT_EQ(each.cpus.back() / 2, 1U); // ended on 2 or 3
    for (const Gap& gap : each.gaps) {
      EXPECT_TRUE(gap.start_ns < changed - kMs || gap.length_ns < 5 * kMs);
    }
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns), 2.0 * kSecond, 0.03 * kSecond);
  }
}

TYPED_TEST(PlacementTest, a_report_begins_with_the_work_not_with_the_fork) {
  ASSERT_EQ(this->m.write(this->a + "/cpuset.cpus", "3"), 0);
  const auto group = this->m.run_work(work(WorkType::kYield), this->a); // forked in the root
  this->m.run_for(kSecond);
  const OwnedReport each = this->m.stop(group)[0];
  EXPECT_EQ(each.cpus, Cpus{3});
  EXPECT_LE(each.report.migrations, 1U);
  EXPECT_LE(each.report.cpu_ns, each.report.wall_ns);
}

TYPED_TEST(PlacementTest, the_cpuset_wins_over_an_affinity_outside_of_it) {
  const std::array<std::uint32_t, 1> cpus = {3};
  WorkSpec spec = work(WorkType::kSpin);
  spec.cpus = cpus;
  const auto group = this->m.run_work(spec, this->a);
  ASSERT_EQ(this->m.write(this->a + "/cpuset.cpus", "0"), 0);
  this->m.run_for(kSecond);
  EXPECT_EQ(this->m.stop(group)[0].cpus.front(), 0U);
}

TYPED_TEST(PlacementTest, frozen_workers_make_no_progress_and_go_on_when_thawed) {
  const auto group = this->m.run_work(work(WorkType::kSpin, 6), this->a);
  this->m.run_for(kSecond);
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "1"), 0);
  this->m.run_for(kSecond); // those that wait for a CPU stop when they get one
  ASSERT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  const std::int64_t frozen_at = this->usage_usec();
  this->m.run_for(5 * kSecond);
  EXPECT_EQ(this->usage_usec(), frozen_at);
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "0"), 0);
  EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 0\n");
  this->m.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(this->usage_usec() - frozen_at), 4e6, 4e4);
  for (const OwnedReport& each : this->m.stop(group)) {
    EXPECT_EQ(each.report.completed, 1U);
    ASSERT_FALSE(each.gaps.empty());
    EXPECT_GT(each.gaps[0].length_ns, 5 * kSecond); // the freeze is a gap of the worker
  }
}

TYPED_TEST(PlacementTest, freezing_takes_until_every_task_has_run_into_it) {
  const std::array<std::uint32_t, 1> cpu0 = {0};
  WorkSpec pinned = work(WorkType::kSpin);
  pinned.cpus = cpu0;
  const auto hog = this->m.run_work(pinned); // not in the cgroup: keeps CPU 0 for its slice
  const auto group = this->m.run_work(pinned, this->a);
  this->m.run_for(kSecond);
  bool seen_pending = false;
  for (int i = 0; i < 20 && !seen_pending; ++i) {
    ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "1"), 0);
    seen_pending = this->m.read(this->a + "/cgroup.events").data == "populated 1\nfrozen 0\n";
    this->m.run_for(kSecond / 10);
    EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
    ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "0"), 0);
    this->m.run_for((7 + i) * kMs); // another phase of the two's turns
  }
  EXPECT_TRUE(seen_pending);
  this->m.stop(group);
  this->m.stop(hog);
}

TYPED_TEST(PlacementTest, tasks_freeze_and_thaw_as_they_move) {
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "1"), 0);
  const auto group = this->m.run_work(work(WorkType::kSpin), this->a);
  const std::string pid = std::to_string(this->m.pids()[0]);
  this->m.run_for(kSecond);
  EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  ASSERT_EQ(this->m.write(kCgroups + "/cgroup.procs", pid), 0);
  this->m.run_for(kSecond);
  ASSERT_EQ(this->m.write(this->a + "/cgroup.procs", pid), 0);
  this->m.run_for(kSecond);
  EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  ASSERT_EQ(this->m.write(kCgroups + "/cgroup.procs", pid), 0);
  const auto reports = this->m.stop(group);
  EXPECT_NEAR(static_cast<double>(reports[0].report.cpu_ns), 1.0 * kSecond, 0.01 * kSecond);
}

TYPED_TEST(PlacementTest, sleepers_freeze_too_and_sleep_on) {
  const auto group = this->m.run_work(work(WorkType::kBursty, 2), this->a);
  this->m.run_for(75 * kMs); // both asleep until 150 ms
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "1"), 0);
  this->m.run_for(kMs);
  EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  this->m.run_for(9 * kMs);
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "0"), 0);
  const std::int64_t thawed = this->usage_usec();
  this->m.run_for(50 * kMs);
  EXPECT_LT(this->usage_usec() - thawed, 100); // still asleep
  this->m.run_for(60 * kMs);
  EXPECT_GT(this->usage_usec() - thawed, 50'000);
  this->m.stop(group);
}

TYPED_TEST(PlacementTest, a_frozen_parent_freezes_what_is_below) {
  ASSERT_EQ(this->m.mkdir(this->a + "/b"), 0);
  const auto group = this->m.run_work(work(WorkType::kSpin), this->a + "/b");
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "1"), 0);
  this->m.run_for(kSecond);
  EXPECT_EQ(this->m.read(this->a + "/cgroup.events").data, "populated 1\nfrozen 1\n");
  EXPECT_EQ(this->m.read(this->a + "/b/cgroup.events").data, "populated 1\nfrozen 1\n");
  EXPECT_EQ(this->m.read(this->a + "/b/cgroup.freeze").data, "0\n");
  ASSERT_EQ(this->m.write(this->a + "/b/cgroup.freeze", "0"), 0); // the parent's counts
  this->m.run_for(kSecond);
  EXPECT_EQ(this->m.read(this->a + "/b/cgroup.events").data, "populated 1\nfrozen 1\n");
  ASSERT_EQ(this->m.write(this->a + "/cgroup.freeze", "0"), 0);
  EXPECT_EQ(this->m.stop(group)[0].report.completed, 1U);
}

TYPED_TEST(PlacementTest, a_scheduler_can_be_replaced_under_load) {
  const auto spinners = this->m.run_work(work(WorkType::kSpin, 6), this->a);
  const auto sleepers = this->m.run_work(work(WorkType::kBursty, 3));
  for (int i = 0; i < 5; ++i) {
    this->m.run_for(kSecond / 3);
    ASSERT_TRUE(this->m.schedulers().detach(kSecond).ok());
    this->m.run_for(kSecond / 3);
    ASSERT_TRUE(this->m.template attach<TypeParam>("policy").ok());
  }
  EXPECT_TRUE(this->m.scheduler_exits().empty());
  for (const OwnedReport& each : this->m.stop(spinners)) {
    EXPECT_GT(each.report.cpu_ns, kSecond);
  }
  for (const OwnedReport& each : this->m.stop(sleepers)) {
    EXPECT_GT(each.report.iterations, 10U);
  }
}

} // namespace
} // namespace schedrig::mock::test
