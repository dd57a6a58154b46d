// SPDX-License-Identifier: MIT
// What the work types do on the mock machine, and what their workers report.
#include <array>
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

class IgnoringSink final : public PidSink {
 public:
  void on_pid(std::uint32_t /*worker*/, std::int32_t /*pid*/) noexcept override {}
};

Status try_spawn(TestMachine& m, const WorkSpec& spec) {
  IgnoringSink sink;
  std::uint32_t group = 0;
  return m.tasks().spawn(spec, &group, sink);
}

TEST(Work, a_spinner_gets_nearly_all_of_an_idle_cpu) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kSpin));
  m.run_for(10 * kSecond);
  const WorkerReport r = m.stop(group)[0].report;
  EXPECT_EQ(r.completed, 1U);
  EXPECT_EQ(r.wait_status, 0);
  EXPECT_GT(r.cpu_ns, 9'999 * kMs);
  EXPECT_LE(r.cpu_ns, r.wall_ns + kMs);
  // Ticks cost a microsecond of every four milliseconds: some, but little, is lost.
  const auto lost = r.cpu_ns - static_cast<std::int64_t>(r.work_units * 1024);
  EXPECT_GT(lost, 2 * kMs);
  EXPECT_LT(lost, 5 * kMs);
  EXPECT_EQ(r.iterations, r.work_units);
  EXPECT_LT(r.run_delay_ns, kMs);
}

TEST(Work, two_spinners_share_one_cpu) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(10 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns), 5.0 * kSecond, 0.05 * kSecond);
    EXPECT_NEAR(static_cast<double>(each.report.run_delay_ns), 5.0 * kSecond, 0.05 * kSecond);
    EXPECT_EQ(each.gaps.size(), kGapsPerWorker);
    EXPECT_GE(each.gaps[0].length_ns, each.gaps[7].length_ns);
  }
}

TEST(Work, a_bursty_worker_works_a_third_of_the_time) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kBursty)); // 50 ms, then 100 ms asleep
  m.run_for(15 * kSecond);
  const OwnedReport each = m.stop(group)[0];
  EXPECT_NEAR(static_cast<double>(each.report.cpu_ns) / static_cast<double>(each.report.wall_ns),
              1.0 / 3, 0.002);
  EXPECT_NEAR(static_cast<double>(each.report.iterations), 100, 1);
  // Its own sleep is no gap: only wake-up latencies are.
  ASSERT_FALSE(each.gaps.empty());
  EXPECT_LT(each.gaps[0].length_ns, kMs);
}

TEST(Work, a_yielding_worker_yields_after_every_unit) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kYield, 2));
  m.run_for(kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.iterations),
                static_cast<double>(each.report.work_units), 1);
    // A unit, a system call and a switch for each of the two.
    EXPECT_GT(each.report.iterations, 150'000U);
    EXPECT_LT(each.report.iterations, 200'000U);
  }
}

TEST(Work, pipe_io_pairs_exchange_one_byte_a_cycle) {
  TestMachine m(2);
  WorkSpec spec = work(WorkType::kPipeIo, 4);
  spec.burst_iterations = 1000; // about a millisecond
  const auto group = m.run_work(spec);
  m.run_for(4 * kSecond);
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 4U);
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    EXPECT_NEAR(static_cast<double>(reports[pair].report.iterations),
                static_cast<double>(reports[pair + 1].report.iterations), 1);
  }
  for (const OwnedReport& each : reports) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_GT(each.report.iterations, 1'000U); // 4 workers on 2 CPUs: at most 1,950
    EXPECT_LT(each.report.iterations, 2'000U);
  }
}

TEST(Work, a_group_that_never_started_reports_zero_work) {
  TestMachine m(1);
  const auto group = m.spawn(work(WorkType::kSpin, 2));
  m.run_for(kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_EQ(each.report.work_units, 0U);
    EXPECT_EQ(each.report.wall_ns, 0);
    EXPECT_TRUE(each.gaps.empty());
  }
}

TEST(Work, work_stops_at_the_end_of_a_unit) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kSpin));
  m.run_for(kSecond);
  const std::int64_t asked = m.now();
  m.stop(group);
  EXPECT_LT(m.now() - asked, 10'000);
}

TEST(Work, a_wrong_parameter_is_named_with_its_range) {
  TestMachine m(2);
  const auto message = [&](const WorkSpec& spec) {
    const Status status = try_spawn(m, spec);
    EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
    return std::string(status.message);
  };
  WorkSpec spec = default_work(WorkType::kFutexFanOut);
  spec.fan_out = 0;
  EXPECT_EQ(message(spec), "work type 'futex_fan_out': fan_out must be 1 to 255");
  spec = default_work(WorkType::kCachePressure);
  spec.stride_bytes = 0;
  EXPECT_EQ(message(spec), "work type 'cache_pressure': stride must be 1 byte to the footprint");
  spec.footprint_bytes = kMaxFootprintBytes + 1;
  EXPECT_EQ(message(spec), "work type 'cache_pressure': footprint must be 64 B to 1 GiB");
  EXPECT_EQ(message(default_work(WorkType::kSequence)),
            "work type 'sequence': phases must be 1 to 64 phases");
  const std::array<WorkPhase, 1> nothing = {WorkPhase{PhaseKind::kSpin, 0}};
  spec = default_work(WorkType::kSequence);
  spec.phases = nothing;
  EXPECT_EQ(message(spec),
            "work type 'sequence': a phase must be a spin, sleep, yield or io above zero");
  spec = default_work(WorkType::kMutexContention);
  spec.contenders = 3;
  EXPECT_EQ(message(spec), "work type 'mutex_contention' takes workers in multiples of 3, not 4");
}

TEST(Work, wrong_specs_are_refused_and_leave_nothing) {
  TestMachine m(2);
  const auto expect_invalid = [&](const WorkSpec& spec) {
    EXPECT_EQ(try_spawn(m, spec).code, StatusCode::kInvalidArgument);
  };
  expect_invalid(work(WorkType::kSpin, 0));
  expect_invalid(work(WorkType::kSpin, kMaxWorkersPerGroup + 1));
  expect_invalid(work(WorkType::kPipeIo, 3));
  expect_invalid(work(static_cast<WorkType>(99)));
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = 20;
  expect_invalid(spec);
  spec = work(WorkType::kBursty);
  spec.sleep_ns = 0;
  expect_invalid(spec);
  spec = work(WorkType::kSpin);
  const std::array<std::uint32_t, 1> cpus = {2};
  spec.cpus = cpus;
  const Status nowhere = try_spawn(m, spec);
  EXPECT_EQ(nowhere.code, StatusCode::kOs);
  EXPECT_EQ(nowhere.os_errno, EINVAL);
  EXPECT_EQ(m.read(kCgroups + "/cgroup.procs").data, "1\n");
}

TEST(Work, groups_are_known_by_their_number_only_while_they_live) {
  TestMachine m(1);
  const auto group = m.spawn(work(WorkType::kSpin));
  EXPECT_TRUE(m.tasks().start(group).ok());
  EXPECT_EQ(m.tasks().start(group).code, StatusCode::kInvalidArgument);
  m.stop(group);
  EXPECT_EQ(m.tasks().start(group).code, StatusCode::kNotFound);
  EXPECT_EQ(m.tasks().start(1234).code, StatusCode::kNotFound);
}

TEST(Work, who_does_not_hear_the_request_is_killed_after_the_grace) {
  TestMachine m(1);
  ASSERT_EQ(m.mkdir(kCgroups + "/a"), 0);
  const auto group = m.run_work(work(WorkType::kSpin), kCgroups + "/a");
  ASSERT_EQ(m.write(kCgroups + "/a/cgroup.freeze", "1"), 0);
  m.run_for(kSecond);
  const std::int64_t asked = m.now();
  const auto reports = m.stop(group, 2 * kSecond);
  EXPECT_EQ(reports[0].report.completed, 0U);
  EXPECT_EQ(reports[0].report.wait_status, 9);
  EXPECT_GE(m.now() - asked, 2 * kSecond);
  EXPECT_LT(m.now() - asked, 2 * kSecond + kMs);
}

TEST(Work, a_group_has_its_time_to_stop_while_others_die) {
  TestMachine m(1);
  ASSERT_EQ(m.mkdir(kCgroups + "/doomed"), 0);
  m.run_work(work(WorkType::kSpin, 4), kCgroups + "/doomed");
  const auto group = m.run_work(work(WorkType::kSpin, 4));
  m.run_for(kSecond);
  ASSERT_EQ(m.write(kCgroups + "/doomed/cgroup.kill", "1"), 0); // they die when they are next run
  const auto reports = m.stop(group);
  ASSERT_EQ(reports.size(), 4U);
  for (const OwnedReport& each : reports) {
    EXPECT_EQ(each.report.completed, 1U) << each.report.worker;
  }
}

} // namespace
} // namespace schedrig::mock::test
