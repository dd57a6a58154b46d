// SPDX-License-Identifier: MIT
// The mock machine through its facets: life, events, interrupts, determinism.
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using fifo::Fifo;

constexpr std::int64_t kSecond = 1'000'000'000;

// Everything that a run reports, as text.
std::string transcript(std::uint64_t seed) {
  TestMachine m(Topology::uniform(1, 2, 2, 1), seed);
  EXPECT_TRUE(m.attach<Fifo>("fifo").ok());
  EXPECT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpuset +cpu"), 0);
  EXPECT_EQ(m.mkdir(kCgroups + "/a"), 0);
  EXPECT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "0-1"), 0);
  const auto spinners = m.run_work(work(WorkType::kSpin, 5), kCgroups + "/a");
  const auto sleepers = m.run_work(work(WorkType::kBursty, 3));
  const auto pairs = m.run_work(work(WorkType::kPipeIo, 4));
  m.run_for(2 * kSecond);
  std::string text;
  for (const std::uint32_t group : {spinners, sleepers, pairs}) {
    for (const OwnedReport& each : m.stop(group)) {
      const WorkerReport& r = each.report;
      for (const std::int64_t value :
           {std::int64_t{r.pid}, static_cast<std::int64_t>(r.work_units),
            static_cast<std::int64_t>(r.iterations), static_cast<std::int64_t>(r.migrations),
            r.cpu_ns, r.wall_ns, r.run_delay_ns}) {
        text += std::to_string(value) + " ";
      }
      for (const Gap& gap : each.gaps) {
        text += std::to_string(gap.start_ns) + "+" + std::to_string(gap.length_ns) + " ";
      }
      text += "\n";
    }
  }
  for (const auto& [key, value] : m.facts()) {
    text += key + "=" + value + "\n";
  }
  return text;
}

TEST(MockMachine, runs_the_shape_of_the_quickstart) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Fifo>("fifo").ok());
  ASSERT_EQ(m.mkdir(kCgroups + "/run"), 0);
  const std::uint32_t group = m.run_work(work(WorkType::kSpin, 2), kCgroups + "/run");
  EXPECT_EQ(m.read(kCgroups + "/run/cgroup.procs").data,
            std::to_string(m.pids()[0]) + "\n" + std::to_string(m.pids()[1]) + "\n");
  EXPECT_EQ(m.run_for(kSecond), WakeReason::kDeadline);
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 2U);
  for (const OwnedReport& each : reports) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_GT(each.report.work_units, 950'000U); // a unit is 1024 ns
    EXPECT_LT(each.report.work_units, 977'000U);
  }
  EXPECT_EQ(m.read(kCgroups + "/run/cgroup.procs").data, "");
  EXPECT_EQ(m.rmdir(kCgroups + "/run"), 0);
  EXPECT_TRUE(m.machine().shut_down(kSecond).ok());
}

TEST(MockMachine, same_inputs_give_the_same_bytes) {
  const std::string first = transcript(7);
  EXPECT_EQ(first, transcript(7));
  EXPECT_NE(first, transcript(8)); // the seed reaches the timers
}

TEST(MockMachine, an_interrupt_ends_the_next_wait_and_only_that) {
  TestMachine m(1);
  const std::uint32_t group = m.run_work(work(WorkType::kSpin));
  m.machine().interrupt();
  const std::int64_t before = m.now();
  EXPECT_EQ(m.run_for(kSecond), WakeReason::kInterrupted);
  EXPECT_EQ(m.now(), before);
  EXPECT_EQ(m.run_for(kSecond), WakeReason::kDeadline);
  EXPECT_EQ(m.now(), before + kSecond);
  m.stop(group);
}

TEST(MockMachine, an_interrupt_before_boot_is_not_lost) {
  Topology topology = Topology::uniform(1, 1, 1, 1);
  struct Sink final : EventSink {
    void on_event(const Event& /*event*/) noexcept override {}
  } sink;
  MachineSpec spec;
  spec.topology = topology.view();
  MockMachine machine(spec, sink);
  static_cast<Machine&>(machine).interrupt();
  EXPECT_EQ(static_cast<Machine&>(machine).boot(kSecond).code, StatusCode::kInterrupted);
  EXPECT_TRUE(static_cast<Machine&>(machine).boot(kSecond).ok());
}

TEST(MockMachine, calls_outside_of_its_life_are_refused) {
  TestMachine m(1);
  EXPECT_EQ(m.machine().boot(kSecond).code, StatusCode::kInvalidArgument);
  EXPECT_TRUE(m.machine().shut_down(kSecond).ok());
  WakeReason reason = WakeReason::kDeadline;
  EXPECT_EQ(m.machine().wait_until(kSecond, &reason).code, StatusCode::kInvalidArgument);
  EXPECT_TRUE(m.machine().shut_down(kSecond).ok());
}

TEST(MockMachine, an_unknown_facet_is_null) {
  TestMachine m(1);
  EXPECT_EQ(m.machine().query("schedrig.ring/0"), nullptr);
}

} // namespace
} // namespace schedrig::mock::test
