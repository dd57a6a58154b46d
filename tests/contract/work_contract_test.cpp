// SPDX-License-Identifier: MIT
// Every work type on the backend under test: what its workers do to the machine, by their reports
// and by the machine's /proc, and that a stop ends them in time.
#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"
#include "tests/contract/requirements.hpp"

namespace schedrig::contract {
namespace {

constexpr std::int64_t kMs = 1'000'000;
// An emulated host is slow; who does not end by itself within it is killed, and that is seen.
constexpr std::int64_t kGraceNs = 20'000 * kMs;

struct Pids final : PidSink {
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { all.push_back(pid); }
  std::vector<std::int32_t> all;
};

struct Reports final : WorkerReportSink {
  void on_report(const WorkerReport& report) noexcept override {
    all.push_back(report);
    cpus.emplace_back(report.cpus_used.begin(), report.cpus_used.end());
  }
  std::vector<WorkerReport> all; // spans are stale
  std::vector<std::vector<std::uint32_t>> cpus;
};

class WorkContract : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(booted().up()) << booted().problem(); }
  static BootedMachine& booted() { return BootedMachine::get(); }

  static std::string lacking(std::initializer_list<WorkType> types) {
    return why_no_workers(std::span(types.begin(), types.size()), booted());
  }

  // Lets the work run for that long, in pieces after each of which `look` may look at it.
  Reports run(const WorkSpec& spec, std::int64_t for_ns, const std::function<void()>& look = {}) {
    constexpr int kPieces = 20;
    Reports reports;
    std::uint32_t group = 0;
    pids_ = {};
    Status status = booted().tasks().spawn(spec, &group, pids_);
    EXPECT_TRUE(status.ok()) << status.message;
    if (!status.ok()) {
      return reports;
    }
    status = booted().tasks().start(group);
    EXPECT_TRUE(status.ok()) << status.message;
    for (int piece = 0; piece < kPieces; ++piece) {
      EXPECT_TRUE(booted().session().wait_for(for_ns / kPieces));
      if (look) {
        look();
      }
    }
    const std::int64_t asked = booted().machine().now_ns();
    status = booted().tasks().stop(group, kGraceNs, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    stop_ns_ = booted().machine().now_ns() - asked;
    EXPECT_EQ(reports.all.size(), spec.workers);
    for (const WorkerReport& report : reports.all) {
      EXPECT_EQ(report.completed, 1U) << "worker " << report.worker;
      EXPECT_EQ(report.wait_status, 0) << "worker " << report.worker;
    }
    for (const std::int32_t pid : pids_.all) {
      EXPECT_FALSE(booted().files().read("/proc/" + std::to_string(pid) + "/stat"));
    }
    return reports;
  }

  // Field of /proc/PID/stat of the first worker, counted from 1 as in proc_pid_stat(5).
  std::int64_t stat_field(int field) {
    const auto text = booted().files().read("/proc/" + std::to_string(pids_.all.front()) + "/stat");
    EXPECT_TRUE(text) << text.error().message;
    std::istringstream rest(text ? text->substr(text->rfind(')') + 2) : "");
    std::string value = "-1";
    for (int at = 3; at <= field; ++at) {
      rest >> value;
    }
    return std::stoll(value);
  }

  Pids pids_;
  std::int64_t stop_ns_ = 0;
};

constexpr int kNice = 19;
constexpr int kPolicy = 41;

std::vector<WorkPhase> phases_of_each_kind() {
  return {{.kind = PhaseKind::kSpin, .duration_ns = kMs},
          {.kind = PhaseKind::kSleep, .duration_ns = kMs},
          {.kind = PhaseKind::kYield, .duration_ns = kMs},
          {.kind = PhaseKind::kIo, .duration_ns = kMs}};
}

class EveryWorkType : public WorkContract, public testing::WithParamInterface<WorkType> {};

TEST_P(EveryWorkType, goes_through_its_cycle_and_ends_when_asked) {
  if (const std::string reason = lacking({GetParam()}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const std::vector<WorkPhase> phases = phases_of_each_kind();
  WorkSpec spec = default_work(GetParam());
  if (GetParam() == WorkType::kSequence) {
    spec.phases = phases;
  }
  if (GetParam() == WorkType::kFanOutCompute) { // a product of its own size takes a second there
    spec.footprint_bytes = 4096;
  }
  const Reports reports = run(spec, 600 * kMs);
  for (const WorkerReport& report : reports.all) {
    EXPECT_GT(report.iterations, 0U) << "worker " << report.worker;
    EXPECT_GT(report.cpu_ns, 0) << "worker " << report.worker;
    EXPECT_LE(report.cpu_ns, report.wall_ns + 50 * kMs); // an emulated CPU's clocks differ
    EXPECT_FALSE(reports.cpus[report.worker].empty());
    // The messenger of fan_out_compute only wakes and sleeps.
    if (GetParam() != WorkType::kFanOutCompute || report.worker != 0) {
      EXPECT_GT(report.work_units, 0U) << "worker " << report.worker;
    }
  }
  EXPECT_LE(stop_ns_, 1'000 * kMs);
}

std::vector<WorkType> all_types() {
  std::vector<WorkType> types;
  for (const WorkTypeInfo& info : work_types()) {
    types.push_back(info.type);
  }
  return types;
}

std::string name_of(const testing::TestParamInfo<WorkType>& one) {
  return std::string(work_type_info(one.param).name);
}

INSTANTIATE_TEST_SUITE_P(Work, EveryWorkType, testing::ValuesIn(all_types()), name_of);

TEST_F(WorkContract, types_that_sleep_leave_their_cpu_idle) {
  if (const std::string reason = lacking({WorkType::kBursty, WorkType::kIdleChurn});
      !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  for (const WorkType type : {WorkType::kBursty, WorkType::kIdleChurn}) {
    WorkSpec spec = default_work(type);
    spec.burst_ns = 10 * kMs;
    spec.sleep_ns = 40 * kMs;
    const Reports reports = run(spec, 600 * kMs);
    ASSERT_EQ(reports.all.size(), 1U);
    EXPECT_LT(reports.all[0].cpu_ns, reports.all[0].wall_ns / 2);
    EXPECT_GE(reports.all[0].iterations, 4U);
    EXPECT_GE(reports.all[0].wakeups + 2, reports.all[0].iterations);
  }
}

TEST_F(WorkContract, pairs_wake_each_other_in_step) {
  if (const std::string reason =
          lacking({WorkType::kPipeIo, WorkType::kFutexPingPong, WorkType::kCachePipe});
      !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  for (const WorkType type : {WorkType::kPipeIo, WorkType::kFutexPingPong, WorkType::kCachePipe}) {
    WorkSpec spec = default_work(type);
    spec.burst_iterations = 8;
    const Reports reports = run(spec, 600 * kMs);
    ASSERT_EQ(reports.all.size(), 2U);
    EXPECT_NEAR(static_cast<double>(reports.all[0].iterations),
                static_cast<double>(reports.all[1].iterations), 1);
    EXPECT_GT(reports.all[0].wakeups + reports.all[1].wakeups, 10U);
  }
}

TEST_F(WorkContract, a_messenger_wakes_the_receivers_of_its_own_team) {
  if (const std::string reason = lacking({WorkType::kFanOutCompute}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  WorkSpec spec = default_work(WorkType::kFanOutCompute);
  spec.fan_out = 2;
  spec.workers = 6;
  spec.sleep_ns = 20 * kMs;
  spec.footprint_bytes = 4096;
  spec.operations = 1;
  const Reports reports = run(spec, 600 * kMs);
  ASSERT_EQ(reports.all.size(), 6U);
  for (const WorkerReport& report : reports.all) {
    const WorkerReport& messenger = reports.all[report.worker / 3 * 3];
    EXPECT_GT(report.iterations, 4U);
    EXPECT_LE(report.iterations, messenger.iterations + 1);
    EXPECT_GT(report.wakeups, 4U);
  }
}

TEST_F(WorkContract, workers_with_one_lock_wait_for_each_other) {
  if (const std::string reason = lacking({WorkType::kMutexContention}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  WorkSpec spec = default_work(WorkType::kMutexContention);
  spec.burst_iterations = 1;
  spec.hold_iterations = 200;
  const Reports reports = run(spec, 600 * kMs);
  std::int64_t cpu_ns = 0;
  std::uint64_t wakeups = 0;
  for (const WorkerReport& report : reports.all) {
    cpu_ns += report.cpu_ns;
    wakeups += report.wakeups;
  }
  ASSERT_EQ(reports.all.size(), 4U);
  // Four that did not wait would use four.
  EXPECT_LE(cpu_ns, reports.all[0].wall_ns * 5 / 2);
  EXPECT_GT(wakeups, 4U);
}

TEST_F(WorkContract, nice_sweep_takes_many_nice_levels) {
  if (const std::string reason = lacking({WorkType::kNiceSweep}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  WorkSpec spec = default_work(WorkType::kNiceSweep);
  spec.burst_iterations = 500;
  std::set<std::int64_t> seen;
  run(spec, 1'000 * kMs, [&] { seen.insert(stat_field(kNice)); });
  EXPECT_GE(seen.size(), 4U);
  EXPECT_GE(*seen.begin(), -20);
  EXPECT_LE(*seen.rbegin(), 19);
}

TEST_F(WorkContract, policy_churn_takes_normal_batch_and_idle) {
  if (const std::string reason = lacking({WorkType::kPolicyChurn}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  WorkSpec spec = default_work(WorkType::kPolicyChurn);
  spec.burst_iterations = 500;
  std::set<std::int64_t> seen;
  run(spec, 1'000 * kMs, [&] { seen.insert(stat_field(kPolicy)); });
  EXPECT_GE(seen.size(), 2U);
  for (const std::int64_t policy : seen) { // SCHED_OTHER, SCHED_BATCH, SCHED_IDLE
    EXPECT_TRUE(policy == 0 || policy == 3 || policy == 5) << policy;
  }
}

TEST_F(WorkContract, affinity_churn_moves_from_cpu_to_cpu) {
  if (const std::string reason = lacking({WorkType::kAffinityChurn}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const Reports reports = run(default_work(WorkType::kAffinityChurn), 600 * kMs);
  ASSERT_EQ(reports.all.size(), 1U);
  EXPECT_EQ(reports.cpus[0].size(), booted().cpus());
  EXPECT_GT(reports.all[0].migrations, 10U);
}

TEST_F(WorkContract, a_fork_exit_worker_waits_for_each_child) {
  if (const std::string reason = lacking({WorkType::kForkExit}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const Reports reports = run(default_work(WorkType::kForkExit), 600 * kMs);
  ASSERT_EQ(reports.all.size(), 1U);
  EXPECT_GT(reports.all[0].iterations, 4U);
  EXPECT_GE(reports.all[0].work_units, reports.all[0].iterations);
}

TEST_F(WorkContract, larger_footprints_make_fewer_passes) {
  if (const std::string reason = lacking({WorkType::kCachePressure, WorkType::kCacheYield,
                                          WorkType::kIoSync, WorkType::kPageFaultChurn});
      !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  for (const WorkType type : {WorkType::kCachePressure, WorkType::kCacheYield, WorkType::kIoSync,
                              WorkType::kPageFaultChurn}) {
    WorkSpec spec = default_work(type);
    spec.footprint_bytes = 16'384;
    spec.touches = 16;
    const Reports little = run(spec, 400 * kMs);
    spec.footprint_bytes = 16'384 * 256;
    spec.touches = 16 * 256;
    const Reports much = run(spec, 400 * kMs);
    ASSERT_EQ(much.all.size(), 1U);
    EXPECT_LT(much.all[0].iterations, little.all[0].iterations / 2) << work_type_info(type).name;
  }
}

TEST_F(WorkContract, sequences_share_barriers_and_mutexes) {
  if (const std::string reason = lacking({WorkType::kSequence}); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const std::vector<WorkPhase> phases = {{.kind = PhaseKind::kLock, .number = 1},
                                         {.kind = PhaseKind::kRun, .duration_ns = 5 * kMs},
                                         {.kind = PhaseKind::kUnlock, .number = 1},
                                         {.kind = PhaseKind::kBarrier, .number = 2, .count = 3}};
  WorkSpec spec = default_work(WorkType::kSequence);
  spec.workers = 3;
  spec.phases = phases;
  const Reports reports = run(spec, 600 * kMs);
  ASSERT_EQ(reports.all.size(), 3U);
  for (const WorkerReport& report : reports.all) {
    EXPECT_GT(report.iterations, 2U);
    EXPECT_NEAR(static_cast<double>(report.iterations),
                static_cast<double>(reports.all[0].iterations), 1);
    // 15 ms of CPU time a turn, one after the other.
    EXPECT_LE(report.iterations, static_cast<std::uint64_t>(report.wall_ns / (14 * kMs)) + 1);
  }
}

TEST_F(WorkContract, three_hundred_workers_all_report) {
  for (const WorkType type : {WorkType::kSpin, WorkType::kYield}) {
    WorkSpec spec = default_work(type);
    spec.workers = 300;
    const Reports reports = run(spec, 400 * kMs);
    ASSERT_EQ(reports.all.size(), 300U);
    EXPECT_TRUE(std::ranges::any_of(
        reports.all, [](const WorkerReport& report) { return report.work_units > 0; }));
  }
}

TEST_F(WorkContract, parameters_out_of_range_are_refused_by_name) {
  if (const std::string reason = why_no_workers(all_types(), booted()); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const auto refused = [&](const WorkSpec& spec, std::string_view what) {
    std::uint32_t group = 0;
    const Status status = booted().tasks().spawn(spec, &group, pids_);
    EXPECT_EQ(status.code, StatusCode::kInvalidArgument) << what;
    EXPECT_NE(std::string_view(status.message).find(what), std::string_view::npos)
        << status.message;
  };
  const auto with = [](WorkType type, auto change) {
    WorkSpec spec = default_work(type);
    change(spec);
    return spec;
  };
  refused(with(WorkType::kBursty, [](WorkSpec& spec) { spec.burst_ns = 0; }), "burst");
  refused(with(WorkType::kIdleChurn, [](WorkSpec& spec) { spec.sleep_ns = -1; }), "sleep");
  refused(with(WorkType::kMixed, [](WorkSpec& spec) { spec.burst_iterations = 0; }),
          "burst_iterations");
  refused(with(WorkType::kMutexContention, [](WorkSpec& spec) { spec.hold_iterations = 0; }),
          "hold_iterations");
  refused(with(WorkType::kFutexFanOut, [](WorkSpec& spec) { spec.fan_out = kMaxFanOut + 1; }),
          "fan_out");
  refused(with(WorkType::kMutexContention, [](WorkSpec& spec) { spec.contenders = 0; }),
          "contenders");
  refused(with(WorkType::kCachePressure,
               [](WorkSpec& spec) { spec.footprint_bytes = kMaxFootprintBytes + 1; }),
          "footprint");
  refused(with(WorkType::kCacheYield, [](WorkSpec& spec) { spec.stride_bytes = 0; }), "stride");
  refused(with(WorkType::kFanOutCompute, [](WorkSpec& spec) { spec.operations = 0; }),
          "operations");
  refused(with(WorkType::kPageFaultChurn, [](WorkSpec& spec) { spec.touches = 0; }), "touches");
  refused(default_work(WorkType::kSequence), "phases");
}

} // namespace
} // namespace schedrig::contract
