// SPDX-License-Identifier: MIT
// Every work type moves what it is named after: docs/reference/work.md, line by line.
#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

// One group of a type at work for a while on a machine of its own.
struct Observed {
  TestMachine machine;
  std::vector<OwnedReport> reports;

  explicit Observed(const WorkSpec& spec, std::uint32_t cpus = 4, std::int64_t ns = kSecond)
      : machine(cpus) {
    EXPECT_TRUE(machine.attach<eevdf::Eevdf>("eevdf").ok());
    const auto group = machine.run_work(spec);
    machine.run_for(ns);
    reports = machine.stop(group);
  }
  [[nodiscard]] std::uint64_t fact(std::string_view key) { return std::stoull(machine.fact(key)); }
  [[nodiscard]] std::uint64_t iterations() const {
    std::uint64_t total = 0;
    for (const OwnedReport& each : reports) {
      total += each.report.iterations;
    }
    return total;
  }
};

class EveryWorkType : public testing::TestWithParam<WorkType> {};

TEST_P(EveryWorkType, works_completes_and_reports_cycles) {
  WorkSpec spec = default_work(GetParam());
  const std::array phases = {WorkPhase{PhaseKind::kSpin, kMs}, WorkPhase{PhaseKind::kSleep, kMs}};
  if (GetParam() == WorkType::kSequence) {
    spec.phases = phases;
  }
  spec.workers *= 2;
  Observed run(spec);
  ASSERT_EQ(run.reports.size(), spec.workers);
  for (const OwnedReport& each : run.reports) {
    EXPECT_EQ(each.report.completed, 1U) << each.report.worker;
    EXPECT_GT(each.report.iterations, 0U) << each.report.worker;
    EXPECT_LE(each.report.cpu_ns, each.report.wall_ns + kMs);
  }
  EXPECT_TRUE(run.machine.scheduler_exits().empty());
}

TEST_P(EveryWorkType, is_the_same_twice) {
  WorkSpec spec = default_work(GetParam());
  const std::array phases = {WorkPhase{PhaseKind::kYield, kMs}, WorkPhase{PhaseKind::kIo, kMs}};
  if (GetParam() == WorkType::kSequence) {
    spec.phases = phases;
  }
  Observed first(spec, 2, kSecond / 4);
  Observed second(spec, 2, kSecond / 4);
  EXPECT_EQ(first.machine.facts(), second.machine.facts());
}

TEST_P(EveryWorkType, leaves_nothing_when_it_is_stopped_under_load_or_frozen_and_killed) {
  TestMachine m(2);
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  WorkSpec spec = default_work(GetParam());
  const std::array phases = {WorkPhase{PhaseKind::kSpin, kMs}, WorkPhase{PhaseKind::kSleep, kMs}};
  if (GetParam() == WorkType::kSequence) {
    spec.phases = phases;
  }
  const auto noise = m.run_work(work(WorkType::kSpin, 4));
  const auto group = m.run_work(spec, kCgroups + "/a");
  m.run_for(kSecond / 5);
  ASSERT_EQ(m.write(kCgroups + "/a/cgroup.freeze", "1"), 0);
  m.run_for(kSecond / 5);
  m.stop(group, kSecond);
  m.stop(noise);
  m.run_for(kSecond / 5); // a worker's child may outlive it
  EXPECT_EQ(m.read(kCgroups + "/a/cgroup.procs").data, "");
  EXPECT_EQ(m.rmdir(kCgroups + "/a"), 0);
}

std::string type_name(const testing::TestParamInfo<WorkType>& info) {
  return std::string(work_type_info(info.param).name);
}
std::vector<WorkType> all_types() {
  std::vector<WorkType> types;
  for (const WorkTypeInfo& info : work_types()) {
    types.push_back(info.type);
  }
  return types;
}
INSTANTIATE_TEST_SUITE_P(Types, EveryWorkType, testing::ValuesIn(all_types()), type_name);

TEST(WorkTypes, mixed_works_long_between_yields) {
  Observed run(default_work(WorkType::kMixed), 1);
  const WorkerReport& report = run.reports[0].report;
  EXPECT_NEAR(static_cast<double>(report.work_units), 64.0 * static_cast<double>(report.iterations),
              64);
  EXPECT_NEAR(static_cast<double>(run.fact("sim.yields")), static_cast<double>(report.iterations),
              1);
}

TEST(WorkTypes, io_sync_writes_its_footprint_each_cycle) {
  Observed run(default_work(WorkType::kIoSync));
  EXPECT_EQ(run.fact("sim.bytes_written") / 65'536,
            std::max(run.fact("sim.sleeps"), run.iterations()));
  EXPECT_GT(run.iterations(), 5'000U); // 10 us of copying, 100 to 150 us of sleep
  EXPECT_LT(run.iterations(), 9'000U);
}

TEST(WorkTypes, a_waker_that_goes_to_sleep_says_so_in_a_pipe_only) {
  Observed pipe(default_work(WorkType::kPipeIo));
  EXPECT_GT(pipe.fact("sim.tokens"), 1'000U);
  EXPECT_GT(pipe.fact("sim.sync_wakeups"), 0U);
  Observed futex(default_work(WorkType::kFutexPingPong));
  EXPECT_GT(futex.fact("sim.tokens"), 100'000U); // a unit of work instead of a thousand
  EXPECT_EQ(futex.fact("sim.sync_wakeups"), 0U);
}

TEST(WorkTypes, a_messenger_wakes_all_its_receivers) {
  WorkSpec spec = default_work(WorkType::kFutexFanOut);
  spec.burst_iterations = 100;
  Observed run(spec, 8);
  const std::uint64_t calls = run.reports[0].report.iterations;
  EXPECT_GT(calls, 5'000U);
  for (std::size_t i = 1; i < run.reports.size(); ++i) {
    const std::uint64_t answers = run.reports[i].report.iterations;
    EXPECT_NEAR(static_cast<double>(answers), static_cast<double>(calls), 2) << i;
    EXPECT_GT(run.reports[i].report.wakeups, 500U); // else the next call had come already
  }
}

TEST(WorkTypes, fan_out_is_a_parameter) {
  WorkSpec spec = default_work(WorkType::kFutexFanOut);
  spec.fan_out = 9;
  spec.workers = 20;
  EXPECT_EQ(Observed(spec).reports.size(), 20U);
}

TEST(WorkTypes, matrix_work_grows_with_the_third_power_of_the_side) {
  WorkSpec spec = default_work(WorkType::kFanOutCompute);
  Observed small(spec, 8);
  spec.footprint_bytes *= 4; // twice the side
  Observed large(spec, 8);
  const auto of_receiver = [](const Observed& run) {
    return static_cast<double>(run.reports[1].report.iterations);
  };
  EXPECT_NEAR(of_receiver(small) / of_receiver(large), 8, 1);
}

TEST(WorkTypes, cache_pressure_alone_keeps_its_lines) {
  Observed run(default_work(WorkType::kCachePressure), 1);
  EXPECT_EQ(run.fact("sim.cache_lines_refilled"), 512U); // 32 KiB, once
  EXPECT_NEAR(static_cast<double>(run.iterations()), 1e9 / 1'024, 2'000);
}

TEST(WorkTypes, cache_pressure_refills_after_each_switch) {
  WorkSpec spec = default_work(WorkType::kCachePressure);
  spec.workers = 2;
  Observed run(spec, 1);
  const std::uint64_t switches = run.fact("sim.context_switches");
  EXPECT_GT(switches, 200U); // a slice is at most 4 ms
  EXPECT_NEAR(static_cast<double>(run.fact("sim.cache_lines_refilled")),
              512.0 * static_cast<double>(switches), 512.0 * 8);
}

TEST(WorkTypes, a_large_footprint_makes_a_pass_dearer_than_its_size) {
  WorkSpec spec = default_work(WorkType::kCacheYield);
  Observed small(spec, 1);
  spec.footprint_bytes = 2U << 20U; // 64 times, and not in a private cache
  Observed large(spec, 1);
  EXPECT_GT(small.iterations(), 64 * large.iterations());
}

TEST(WorkTypes, a_sequence_spends_its_phases_times) {
  const std::array phases = {WorkPhase{PhaseKind::kSpin, 2 * kMs},
                             WorkPhase{PhaseKind::kSleep, 3 * kMs},
                             WorkPhase{PhaseKind::kYield, kMs}, WorkPhase{PhaseKind::kIo, 2 * kMs}};
  WorkSpec spec = default_work(WorkType::kSequence);
  spec.phases = phases;
  Observed run(spec);
  EXPECT_NEAR(static_cast<double>(run.iterations()), 1'000.0 / 8, 3);
  EXPECT_NEAR(static_cast<double>(run.reports[0].report.cpu_ns) / kSecond, 5.0 / 8, 0.02);
  EXPECT_GT(run.fact("sim.yields"), 50 * run.iterations());
  EXPECT_GT(run.fact("sim.bytes_written"), 100 * 32'768 * run.iterations());
}

TEST(WorkTypes, fork_exit_makes_a_child_each_cycle_and_reaps_it) {
  Observed run(default_work(WorkType::kForkExit));
  EXPECT_GT(run.iterations(), 5'000U);
  EXPECT_NEAR(static_cast<double>(run.fact("sim.forks")), static_cast<double>(run.iterations()), 1);
  EXPECT_EQ(run.fact("sim.forks_refused"), 0U);
  run.machine.run_for(kSecond);
  EXPECT_EQ(run.machine.read(kCgroups + "/cgroup.procs").data, "1\n"); // no child is left
}

// At whatever moment of its cycle it is told to stop, or killed without a grace, and although the
// child has to wait for a CPU.
TEST(WorkTypes, a_stopped_fork_exit_worker_leaves_no_child) {
  TestMachine machine(4);
  ASSERT_TRUE(machine.attach<eevdf::Eevdf>("eevdf").ok());
  machine.run_work(work(WorkType::kSpin, 5));
  const std::string before = machine.file(FileOpKind::kList, "/proc").data;
  for (std::int64_t moment = 0; moment < 300; ++moment) {
    const auto group = machine.run_work(default_work(WorkType::kForkExit));
    machine.run_for(kSecond / 100 + moment * 1'000);
    machine.stop(group, moment % 3 == 0 ? 0 : kSecond);
    ASSERT_EQ(machine.file(FileOpKind::kList, "/proc").data, before) << moment;
  }
}

TEST(WorkTypes, nice_sweep_walks_through_all_levels) {
  Observed run(default_work(WorkType::kNiceSweep));
  EXPECT_NEAR(static_cast<double>(run.fact("sim.nice_changes")),
              static_cast<double>(run.iterations()), 1);
  EXPECT_GT(run.iterations(), 40U * 1'000);
}

TEST(WorkTypes, policy_churn_changes_its_policy) {
  Observed run(default_work(WorkType::kPolicyChurn));
  EXPECT_NEAR(static_cast<double>(run.fact("sim.policy_changes")),
              static_cast<double>(run.iterations()), 1);
}

TEST(WorkTypes, affinity_churn_visits_every_cpu_of_its_cpuset_and_no_other) {
  TestMachine m(4);
  ASSERT_TRUE(m.attach<eevdf::Eevdf>("eevdf").ok());
  ASSERT_EQ(m.write(kCgroups + "/cgroup.subtree_control", "+cpuset"), 0);
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(m.write(kCgroups + "/a/cpuset.cpus", "1-3"), 0);
  const auto group = m.run_work(default_work(WorkType::kAffinityChurn), kCgroups + "/a");
  m.run_for(kSecond);
  const OwnedReport each = m.stop(group)[0];
  EXPECT_EQ(each.cpus, (std::vector<std::uint32_t>{1, 2, 3}));
  // Two of three draws are another CPU.
  EXPECT_NEAR(static_cast<double>(each.report.migrations),
              static_cast<double>(each.report.iterations) * 2 / 3,
              0.05 * static_cast<double>(each.report.iterations));
}

TEST(WorkTypes, page_faults_are_the_distinct_pages_of_each_cycle) {
  Observed run(default_work(WorkType::kPageFaultChurn));
  const double cycles = static_cast<double>(run.iterations());
  // 256 draws out of 1024 pages: 1024 x (1 - (1 - 1/1024)^256) = 226.6 distinct ones.
  EXPECT_NEAR(static_cast<double>(run.fact("sim.minor_faults")) / cycles, 226.6, 1.5);
}

TEST(WorkTypes, contenders_wait_for_the_lock_and_all_get_it) {
  Observed run(default_work(WorkType::kMutexContention));
  EXPECT_GT(run.fact("sim.lock_waits"), 1'000U);
  const auto [least, most] = std::ranges::minmax_element(
      run.reports, {}, [](const OwnedReport& each) { return each.report.iterations; });
  EXPECT_GT(2 * least->report.iterations, most->report.iterations);
  WorkSpec alone = default_work(WorkType::kMutexContention);
  alone.contenders = alone.workers = 1;
  EXPECT_EQ(Observed(alone).fact("sim.lock_waits"), 0U);
}

TEST(WorkTypes, idle_churn_goes_idle_and_precise_timing_has_no_slack) {
  WorkSpec spec = default_work(WorkType::kIdleChurn);
  Observed run(spec, 1, 6 * kSecond);
  EXPECT_NEAR(static_cast<double>(run.iterations()), 995, 5); // 1 ms + 5 ms + 25 us of slack
  EXPECT_NEAR(static_cast<double>(run.fact("sim.idle_ns")) / (6.0 * kSecond), 5.0 / 6, 0.01);
  spec.precise_timing = 1;
  EXPECT_GT(Observed(spec, 1, 6 * kSecond).iterations(), run.iterations());
}

TEST(WorkTypes, wake_latencies_are_a_bounded_sample_of_all) {
  Observed run(default_work(WorkType::kFutexPingPong), 2);
  const WorkerReport& report = run.reports[0].report;
  EXPECT_GT(report.wakeups, 50'000U);
  ASSERT_EQ(run.reports[0].wake_latencies_ns.size(), kWakeLatenciesPerWorker);
  const auto [least, most] = std::ranges::minmax_element(run.reports[0].wake_latencies_ns);
  EXPECT_GE(*least, 1'500); // a context switch
  EXPECT_LT(*most, kMs);
}

TEST(WorkTypes, a_sleep_or_a_wait_before_the_first_work_is_no_gap) {
  WorkSpec sleeper = work(WorkType::kSequence);
  const std::array phases = {WorkPhase{PhaseKind::kSleep, 100 * kMs},
                             WorkPhase{PhaseKind::kSpin, kMs}};
  sleeper.phases = phases;
  WorkSpec pipe = default_work(WorkType::kPipeIo);
  pipe.burst_iterations = 20'000; // the reader waits some 20 ms for its first byte
  for (const WorkSpec& spec : {sleeper, pipe}) {
    Observed run(spec, 2);
    for (const OwnedReport& each : run.reports) {
      EXPECT_GT(each.report.work_units, 0U);
      for (const Gap& gap : each.gaps) {
        EXPECT_LT(gap.length_ns, kMs) << work_type_info(spec.type).name << each.report.worker;
      }
    }
  }
}

} // namespace
} // namespace schedrig::mock::test
