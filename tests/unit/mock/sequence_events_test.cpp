// SPDX-License-Identifier: MIT
// The events of sequences: how long they take, how often they come, and who waits for whom.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

WorkPhase timed(PhaseKind kind, std::int64_t ms, std::uint32_t number = 0) {
  return {.kind = kind, .duration_ns = ms * kMs, .number = number};
}
WorkPhase event(PhaseKind kind, std::uint32_t number = 0, std::uint32_t count = 0) {
  return {.kind = kind, .number = number, .count = count};
}

WorkSpec sequence(const std::vector<WorkPhase>& phases, std::uint32_t workers = 1) {
  WorkSpec spec = work(WorkType::kSequence, workers);
  spec.phases = phases;
  return spec;
}

class SequenceEvents : public testing::Test {
 protected:
  explicit SequenceEvents() : machine_(2) {
    EXPECT_TRUE(machine_.attach<eevdf::Eevdf>("eevdf").ok());
  }
  void start(const std::vector<WorkPhase>& phases, std::uint32_t workers = 1) {
    groups_.push_back(machine_.run_work(sequence(phases, workers)));
  }
  // The reports of the first worker of each group, after a second.
  std::vector<WorkerReport> after_a_second() {
    machine_.run_for(kSecond);
    std::vector<WorkerReport> reports;
    for (const std::uint32_t group : groups_) {
      reports.push_back(machine_.stop(group).front().report);
    }
    return reports;
  }
  [[nodiscard]] std::string refusal(const std::vector<WorkPhase>& phases) {
    return std::string(check_work(sequence(phases), 2).message);
  }

  TestMachine machine_;
  std::vector<std::uint32_t> groups_;
};

TEST_F(SequenceEvents, run_is_cpu_time_and_spin_is_time_by_the_clock) {
  for (int i = 0; i < 2; ++i) { // four tasks on two CPUs: each has half of one
    start({timed(PhaseKind::kRun, 10)});
    start({timed(PhaseKind::kSpin, 10)});
  }
  const auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations), 50, 4);
  EXPECT_GT(reports[1].iterations, 70U);
  EXPECT_LE(reports[1].iterations, 100U);
}

TEST_F(SequenceEvents, a_timer_keeps_its_period_and_a_sleep_does_not) {
  start({timed(PhaseKind::kRun, 3), timed(PhaseKind::kTimer, 10)});
  start({timed(PhaseKind::kRun, 3), timed(PhaseKind::kSleep, 10)});
  const auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations), 100, 1);
  EXPECT_NEAR(static_cast<double>(reports[1].iterations), 1'000.0 / 13, 1);
}

TEST_F(SequenceEvents, a_missed_period_is_made_up_for_by_absolute_timers_only) {
  // 100 ms late once, then 900 ms for rounds of 2 ms in periods of 10 ms.
  for (const PhaseKind kind : {PhaseKind::kTimer, PhaseKind::kAbsoluteTimer}) {
    start({timed(PhaseKind::kRun, 100), timed(kind, 10), timed(PhaseKind::kRun, 2), timed(kind, 10),
           event(PhaseKind::kRepeat, 2, 0)});
  }
  const auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations), 90, 2);
  EXPECT_NEAR(static_cast<double>(reports[1].iterations), 99, 2);
}

TEST_F(SequenceEvents, repeats_and_turns_are_as_many_as_asked_for_then_nothing_more_happens) {
  // Three turns of 4 x 1 ms and 5 ms, after 50 ms.
  start({timed(PhaseKind::kDelay, 50), timed(PhaseKind::kRun, 1), event(PhaseKind::kRepeat, 1, 4),
         timed(PhaseKind::kRun, 5), event(PhaseKind::kEnd, 0, 3)});
  const auto report = after_a_second().front();
  EXPECT_EQ(report.iterations, 3U);
  EXPECT_EQ(report.completed, 1U);
  EXPECT_NEAR(static_cast<double>(report.cpu_ns), 27.0 * kMs, 0.5 * kMs);
}

TEST_F(SequenceEvents, a_mutex_lets_one_in_at_a_time) {
  for (int i = 0; i < 2; ++i) { // a CPU for each
    start({event(PhaseKind::kLock, 5), timed(PhaseKind::kRun, 10), event(PhaseKind::kUnlock, 5),
           timed(PhaseKind::kSleep, 1)});
  }
  const auto reports = after_a_second();
  const auto both = static_cast<double>(reports[0].iterations + reports[1].iterations);
  EXPECT_NEAR(both, 100, 4);
  EXPECT_GT(std::stoull(machine_.fact("sim.lock_waits")), 50U);
}

TEST_F(SequenceEvents, a_suspended_task_runs_once_for_each_broadcast) {
  start({event(PhaseKind::kSuspend, 1), timed(PhaseKind::kRun, 1)});
  start({timed(PhaseKind::kTimer, 20), event(PhaseKind::kBroadcast, 1)});
  const auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations),
              static_cast<double>(reports[1].iterations), 1);
  EXPECT_NEAR(static_cast<double>(reports[1].iterations), 50, 1);
}

TEST_F(SequenceEvents, a_signal_wakes_one_waiter_and_a_broadcast_all) {
  const std::vector<WorkPhase> waiter = {event(PhaseKind::kLock, 0),
                                         event(PhaseKind::kWaitOn, 1, 0),
                                         event(PhaseKind::kUnlock, 0), timed(PhaseKind::kRun, 1)};
  for (int i = 0; i < 2; ++i) {
    start(waiter);
  }
  start({timed(PhaseKind::kTimer, 20), event(PhaseKind::kSignal, 1)});
  auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations + reports[1].iterations), 50, 2);
  EXPECT_GT(reports[0].iterations, 20U); // in turn
  groups_.clear();
  for (int i = 0; i < 2; ++i) {
    start(waiter);
  }
  start({timed(PhaseKind::kTimer, 20), event(PhaseKind::kBroadcast, 1)});
  reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations + reports[1].iterations), 100, 3);
}

TEST_F(SequenceEvents, a_barrier_holds_everybody_until_the_slowest_is_there) {
  start({timed(PhaseKind::kRun, 1), event(PhaseKind::kBarrier, 2, 4)}, 3);
  start({timed(PhaseKind::kSleep, 25), event(PhaseKind::kBarrier, 2, 4)});
  const auto reports = after_a_second();
  EXPECT_NEAR(static_cast<double>(reports[0].iterations), 40, 1);
  EXPECT_NEAR(static_cast<double>(reports[1].iterations), 40, 1);
}

TEST_F(SequenceEvents, waiters_and_holders_stop_and_leave_nothing_behind) {
  start({event(PhaseKind::kLock, 0), event(PhaseKind::kSuspend, 1)});
  start({event(PhaseKind::kLock, 0), timed(PhaseKind::kRun, 1)});
  start({event(PhaseKind::kBarrier, 2, 2)});
  for (const WorkerReport& report : after_a_second()) {
    EXPECT_EQ(report.completed, 1U);
  }
  groups_.clear();
  start({event(PhaseKind::kLock, 0), timed(PhaseKind::kRun, 1), event(PhaseKind::kUnlock, 0)});
  EXPECT_GT(after_a_second().front().iterations, 900U); // the mutex is free again
}

TEST_F(SequenceEvents, loops_that_take_no_time_are_refused) {
  EXPECT_EQ(refusal({event(PhaseKind::kEnd, 0, 1)}),
            "work type 'sequence': phases must be such that one takes time");
  EXPECT_EQ(refusal({timed(PhaseKind::kRun, 1), event(PhaseKind::kRepeat, 1, 0)}),
            "work type 'sequence': a repeat must be of phases before it that take time");
  EXPECT_EQ(refusal({timed(PhaseKind::kRun, 1), timed(PhaseKind::kDelay, 1),
                     event(PhaseKind::kRepeat, 1, 2)}),
            "work type 'sequence': a repeat must be of phases before it that take time");
  EXPECT_EQ(refusal({event(PhaseKind::kLock, kMaxWorkResources)}),
            "work type 'sequence': a mutex, condition or barrier must be below 65536");
  EXPECT_EQ(refusal({timed(PhaseKind::kTimer, 1, kMaxPhases)}),
            "work type 'sequence': a timer must be above zero and at most an hour");
}

} // namespace
} // namespace schedrig::mock::test
