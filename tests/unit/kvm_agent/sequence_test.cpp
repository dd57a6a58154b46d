// SPDX-License-Identifier: MIT
// Sequences as real processes: phases by the clock, timers, and what workers of all groups share.
#include <algorithm>
#include <csignal>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "agent_process.hpp"
#include "proc_stat.hpp"
#include "recorded_workers.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::int64_t kMs = 1'000'000;

using Phases = std::vector<WorkPhase>;

WorkPhase phase(PhaseKind kind, std::int64_t duration_ns = 0, std::uint32_t number = 0,
                std::uint32_t count = 0) {
  return {.kind = kind, .duration_ns = duration_ns, .number = number, .count = count};
}

class Sequences : public ::testing::Test {
 protected:
  std::uint32_t begin(const Phases& phases, std::uint32_t workers = 1) {
    WorkSpec spec = default_work(WorkType::kSequence);
    spec.phases = phases;
    spec.workers = workers;
    std::uint32_t group = 0;
    pids_ = {};
    Status status = agent_.tasks.spawn(spec, &group, pids_);
    EXPECT_TRUE(status.ok()) << status.message;
    status = agent_.tasks.start(group);
    EXPECT_TRUE(status.ok()) << status.message;
    return group;
  }
  Reports end(std::uint32_t group) {
    Reports reports;
    const Status status = agent_.tasks.stop(group, 1'000 * kMs, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    return reports;
  }
  // Until `look` has seen enough: on a machine with little to give, that takes as long as it takes.
  static void wait_until(const std::function<bool()>& look) {
    const Deadline deadline = soon();
    while (!look() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_LT(std::chrono::steady_clock::now(), deadline) << "not seen in time";
  }
  Reports run(const Phases& phases, std::uint32_t workers, const std::function<bool()>& look) {
    const std::uint32_t group = begin(phases, workers);
    wait_until(look);
    return end(group);
  }
  // Whether each of them has gone to sleep that often.
  static std::function<bool()> each_slept(const Pids& pids, std::int64_t times) {
    return [&pids, times] {
      return std::ranges::all_of(pids.all, [&](pid_t pid) { return sleeps(pid) >= times; });
    };
  }
  [[nodiscard]] std::int64_t cpu_ns_of_all() const {
    std::int64_t all = 0;
    for (const pid_t pid : pids_.all) {
      all += schedstat(pid).cpu_ns;
    }
    return all;
  }
  static void expect_completed(const Reports& reports) {
    for (const WorkerReport& report : reports.all) {
      EXPECT_EQ(report.completed, 1U) << "worker " << report.worker;
    }
  }

  AgentProcess agent_;
  Pids pids_;
};

TEST_F(Sequences, phases_follow_each_other_and_turns_are_counted) {
  const Reports reports = run({phase(PhaseKind::kSpin, 2 * kMs), phase(PhaseKind::kSleep, 8 * kMs)},
                              1, each_slept(pids_, 15));
  const WorkerReport& report = reports.all[0];
  EXPECT_GE(report.iterations, 5U);
  EXPECT_LE(report.iterations, static_cast<std::uint64_t>(report.wall_ns / (10 * kMs)));
  EXPECT_LT(report.cpu_ns, report.wall_ns / 2);
}

TEST_F(Sequences, an_absolute_timer_keeps_its_rate) {
  const Reports reports =
      run({phase(PhaseKind::kRun, 5 * kMs), phase(PhaseKind::kAbsoluteTimer, 10 * kMs)}, 1,
          [&] { return cpu_ns_of_all() > 200 * kMs; });
  const WorkerReport& report = reports.all[0];
  // A timer that began anew after each run would ring two times in three. What the worker waited
  // for a CPU is not the timer's.
  const auto periods = [](std::int64_t ns) { return static_cast<double>(ns) / (10 * kMs); };
  EXPECT_LE(static_cast<double>(report.iterations), periods(report.wall_ns) + 2);
  EXPECT_GE(static_cast<double>(report.iterations),
            periods(report.wall_ns - report.run_delay_ns) * 4 / 5);
}

TEST_F(Sequences, a_repeat_and_an_end_bound_the_work) {
  const Reports reports =
      run({phase(PhaseKind::kYieldOnce), phase(PhaseKind::kRun, kMs / 10),
           phase(PhaseKind::kRepeat, 0, 0, 5), phase(PhaseKind::kEnd, 0, 0, 3)},
          1, [&] { return cpu_ns_of_all() > kMs && stat_text(pids_.all[0], kState) == "S"; });
  EXPECT_EQ(reports.all[0].iterations, 3U);
  EXPECT_LT(reports.all[0].cpu_ns, 20 * kMs); // 15 runs of a tenth, then nothing
}

TEST_F(Sequences, a_mutex_lets_one_worker_on_at_a_time) {
  const Reports reports = run(
      {phase(PhaseKind::kLock, 0, 7), phase(PhaseKind::kRun, kMs), phase(PhaseKind::kUnlock, 0, 7)},
      4, [&] { return cpu_ns_of_all() > 100 * kMs; });
  expect_completed(reports);
  std::int64_t cpu_ns = 0;
  for (const WorkerReport& report : reports.all) {
    cpu_ns += report.cpu_ns;
  }
  EXPECT_LE(cpu_ns, reports.all[0].wall_ns * 12 / 10);
  EXPECT_GT(cpu_ns, 50 * kMs);
}

TEST_F(Sequences, a_signal_wakes_one_that_waits) {
  const std::uint32_t waiters = begin({phase(PhaseKind::kSuspend, 0, 3)}, 2);
  const Pids who_wait = pids_;
  const std::uint32_t waker =
      begin({phase(PhaseKind::kSignal, 0, 3), phase(PhaseKind::kSleep, 5 * kMs)});
  wait_until(each_slept(who_wait, 20));
  const Reports signals = end(waker);
  const Reports woken = end(waiters);
  expect_completed(woken);
  const std::uint64_t all = woken.all[0].iterations + woken.all[1].iterations;
  EXPECT_GT(all, 10U);
  EXPECT_LE(all, signals.all[0].iterations + 1);
  // First come, first woken: neither gets all, however late it comes back.
  const auto [less, more] = std::minmax(woken.all[0].iterations, woken.all[1].iterations);
  EXPECT_LE(more, 2 * less + 1);
}

TEST_F(Sequences, a_wait_gives_the_mutex_back_and_a_broadcast_wakes_all) {
  const std::uint32_t waiters =
      begin({phase(PhaseKind::kLock, 0, 1), phase(PhaseKind::kWaitOn, 0, 2, 1),
             phase(PhaseKind::kUnlock, 0, 1)},
            3);
  const Pids who_wait = pids_;
  const std::uint32_t waker =
      begin({phase(PhaseKind::kSleep, 5 * kMs), phase(PhaseKind::kLock, 0, 1),
             phase(PhaseKind::kBroadcast, 0, 2), phase(PhaseKind::kUnlock, 0, 1)});
  wait_until(each_slept(who_wait, 40)); // at most twice a turn: for the mutex, for the call
  const Reports calls = end(waker);
  const Reports woken = end(waiters);
  expect_completed(woken);
  for (const WorkerReport& report : woken.all) {
    EXPECT_GT(report.iterations, 10U);
    EXPECT_LE(report.iterations, calls.all[0].iterations + 1);
  }
}

TEST_F(Sequences, a_barrier_keeps_workers_in_step) {
  const Reports reports = run({phase(PhaseKind::kRun, kMs), phase(PhaseKind::kBarrier, 0, 5, 3)}, 3,
                              [&] { return cpu_ns_of_all() > 60 * kMs; });
  expect_completed(reports);
  for (const WorkerReport& report : reports.all) {
    EXPECT_GT(report.iterations, 5U);
    EXPECT_NEAR(static_cast<double>(report.iterations),
                static_cast<double>(reports.all[0].iterations), 1);
  }
}

TEST_F(Sequences, the_mutex_of_a_worker_that_is_killed_is_free) {
  const std::uint32_t first =
      begin({phase(PhaseKind::kLock, 0, 9), phase(PhaseKind::kSleep, 3'600'000 * kMs)});
  const pid_t owner = pids_.all[0];
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::uint32_t second = begin({phase(PhaseKind::kLock, 0, 9), phase(PhaseKind::kRun, kMs),
                                      phase(PhaseKind::kUnlock, 0, 9)});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_EQ(::kill(owner, SIGKILL), 0);
  wait_until([&] { return cpu_ns_of_all() > 20 * kMs; });
  EXPECT_GT(end(second).all[0].iterations, 0U);
  end(first);
}

TEST_F(Sequences, a_barrier_that_was_cut_short_is_as_new_for_the_next_group) {
  const Phases meet = {phase(PhaseKind::kRun, kMs), phase(PhaseKind::kBarrier, 0, 5, 2)};
  // It waits for a second worker in vain.
  expect_completed(run(
      meet, 1, [&] { return cpu_ns_of_all() > kMs && stat_text(pids_.all[0], kState) == "S"; }));
  const Reports reports = run(meet, 2, [&] { return cpu_ns_of_all() > 40 * kMs; });
  EXPECT_GT(reports.all[0].iterations, 5U);
  EXPECT_NEAR(static_cast<double>(reports.all[0].iterations),
              static_cast<double>(reports.all[1].iterations), 1);
}

} // namespace
} // namespace schedrig::kvm
