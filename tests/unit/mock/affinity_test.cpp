// SPDX-License-Identifier: MIT
// The affinity facet of the mock machine, and an affinity given at spawn.
#include <cerrno>

#include <gtest/gtest.h>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
using Cpus = std::vector<std::uint32_t>;

class AffinityTest : public testing::Test {
 protected:
  TestMachine m{4};

  void make_cgroup_on(const std::string& cpus) {
    ASSERT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpuset"), 0);
    ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
    ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", cpus), 0);
  }
};

TEST_F(AffinityTest, a_running_worker_moves_to_the_cpu_it_is_pinned_to) {
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(kSecond);
  ASSERT_TRUE(m.affinity().pin(m.pids(), Cpus{3}).ok());
  m.run_for(kSecond);
  for (const OwnedReport& report : m.stop(group)) {
    EXPECT_EQ(report.cpus.back(), 3U);
    EXPECT_LE(report.cpus.size(), 2U);
    // A second alone, a second shared.
    EXPECT_NEAR(static_cast<double>(report.report.cpu_ns), 1.5e9, 0.02e9);
  }
}

TEST_F(AffinityTest, a_mask_outside_of_the_cpuset_is_einval_and_changes_nothing) {
  make_cgroup_on("0-1");
  const auto group = m.run_work(work(WorkType::kSpin), kCgroups + "/a");
  ASSERT_TRUE(m.affinity().pin(m.pids(), Cpus{1}).ok());
  const Status status = m.affinity().pin(m.pids(), Cpus{2, 3});
  EXPECT_EQ(status.code, StatusCode::kOs);
  EXPECT_EQ(status.os_errno, EINVAL);
  EXPECT_TRUE(m.affinity().pin(m.pids(), Cpus{1, 2}).ok()); // holds within the cpuset
  m.run_for(kSecond);
  EXPECT_EQ(m.stop(group)[0].cpus.back(), 1U);
}

TEST_F(AffinityTest, the_mask_asked_for_comes_back_when_the_cpuset_allows_it) {
  make_cgroup_on("0-1");
  const auto group = m.run_work(work(WorkType::kSpin), kCgroups + "/a");
  ASSERT_TRUE(m.affinity().pin(m.pids(), Cpus{1, 3}).ok());
  ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "2-3"), 0);
  m.run_for(kSecond);
  EXPECT_EQ(m.stop(group)[0].cpus.back(), 3U);
}

TEST_F(AffinityTest, processes_that_are_not_there_are_esrch) {
  EXPECT_EQ(m.affinity().pin(std::vector<std::int32_t>{77}, Cpus{0}).os_errno, ESRCH);
  EXPECT_TRUE(m.affinity().pin(std::vector<std::int32_t>{1}, Cpus{0}).ok()); // the agent
}

TEST_F(AffinityTest, malformed_requests_are_refused) {
  const std::vector<std::int32_t> one = {1};
  EXPECT_EQ(m.affinity().pin(one, {}).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(m.affinity().pin(std::vector<std::int32_t>{0}, Cpus{0}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(m.affinity().pin(std::vector<std::int32_t>(kMaxPinnedProcesses + 1, 1), Cpus{0}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(m.affinity().pin(one, Cpus{400}).os_errno, EINVAL);
}

TEST_F(AffinityTest, an_affinity_given_at_spawn_is_checked_against_the_cpuset_at_the_start) {
  make_cgroup_on("0-1");
  const Cpus cpus = {2};
  WorkSpec spec = work(WorkType::kSpin);
  spec.cpus = cpus;
  const auto group = m.spawn(spec);
  ASSERT_EQ(m.write(kCgroups + "/a/cgroup.procs", std::to_string(m.pids()[0])), 0);
  EXPECT_EQ(m.tasks().start(group).os_errno, EINVAL);
  ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "0-2"), 0);
  EXPECT_TRUE(m.tasks().start(group).ok());
  m.run_for(kSecond);
  EXPECT_EQ(m.stop(group)[0].cpus, Cpus{2});
}

} // namespace
} // namespace schedrig::mock::test
