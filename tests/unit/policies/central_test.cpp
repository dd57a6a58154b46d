// SPDX-License-Identifier: MIT
// The policy `central` on a simulated machine: who decides, and that everybody gets a turn.
#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/schedulers/central/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using central::Central;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

// Notes on which CPUs the shared queue became shorter.
class Watched final : public Central {
 public:
  using Central::Central;
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    const std::int32_t before = kernel().dsq_nr_queued(0);
    Central::on_dispatch(cpu, prev);
    const std::int32_t taken = before - kernel().dsq_nr_queued(0);
    if (taken > 0) {
      deciders.resize(std::max<std::size_t>(deciders.size(), static_cast<std::size_t>(cpu) + 1));
      deciders[static_cast<std::size_t>(cpu)] += static_cast<std::uint64_t>(taken);
    }
  }
  static inline std::vector<std::uint64_t> deciders; // decisions by CPU
};

std::array<ParamValue, 1> on_cpu(std::int64_t cpu) {
  return {ParamValue{.type = ParamType::kInteger, .key = "cpu", .integer = cpu, .text = {}}};
}

TEST(Central, one_cpu_takes_every_decision) {
  Watched::deciders.clear();
  TestMachine m(4);
  ASSERT_TRUE(m.attach<Watched>("central", on_cpu(2)).ok());
  const auto spinners = m.run_work(work(WorkType::kSpin, 6));
  WorkSpec bursts = work(WorkType::kBursty, 4);
  bursts.burst_ns = kMs;
  bursts.sleep_ns = 5 * kMs;
  const auto sleepers = m.run_work(bursts);
  m.run_for(2 * kSecond);
  ASSERT_EQ(Watched::deciders.size(), 3U) << "CPU 3 took a decision, or CPU 2 none";
  EXPECT_EQ(Watched::deciders[0], 0U);
  EXPECT_EQ(Watched::deciders[1], 0U);
  EXPECT_GT(Watched::deciders[2], 500U);
  std::vector<std::uint32_t> used;
  for (const OwnedReport& each : m.stop(spinners)) {
    used.insert(used.end(), each.cpus.begin(), each.cpus.end());
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  EXPECT_EQ(used, (std::vector<std::uint32_t>{0, 1, 2, 3})) << "tasks run everywhere all the same";
  EXPECT_TRUE(m.scheduler_exits().empty());
  m.stop(sleepers);
}

TEST(Central, spinners_share_the_cpus_equally) {
  TestMachine m(3);
  ASSERT_TRUE(m.attach<Central>("central").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 6));
  m.run_for(10 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns) / (10.0 * kSecond), 0.5, 0.03);
  }
}

TEST(Central, a_turn_ends_when_another_task_waits) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Central>("central").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(2 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    ASSERT_FALSE(each.gaps.empty());
    EXPECT_LE(each.gaps[0].length_ns, 24 * kMs); // the slice of 20 ms and the timer's millisecond
  }
}

TEST(Central, a_pinned_task_runs_where_it_may) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Central>("central").ok());
  const std::uint32_t cpu1 = 1;
  WorkSpec pinned = work(WorkType::kSpin, 2);
  pinned.cpus = {&cpu1, 1};
  const auto group = m.run_work(pinned);
  const auto others = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(5 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_EQ(each.cpus, std::vector<std::uint32_t>{1});
    EXPECT_GT(each.report.cpu_ns, kSecond);
  }
  EXPECT_TRUE(m.scheduler_exits().empty());
  m.stop(others);
}

TEST(Central, idle_cpus_take_what_wakes_up) {
  TestMachine m(4);
  ASSERT_TRUE(m.attach<Central>("central").ok());
  WorkSpec spec = work(WorkType::kPipeIo, 8);
  spec.burst_iterations = 100;
  const auto group = m.run_work(spec);
  m.run_for(kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_GT(each.report.iterations, 1'000U);
  }
}

TEST(Central, a_cpu_that_the_machine_lacks_is_refused_at_attach) {
  TestMachine m(2);
  const Status status = m.attach<Central>("central", on_cpu(5));
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_STREQ(status.message, "cpu = 5 does not exist");
  EXPECT_STREQ(status.help, "the machine has CPUs 0 to 1");
}

} // namespace
} // namespace schedrig::mock::test
