// SPDX-License-Identifier: MIT
// Every work type as real processes on this machine: what it does to the kernel, as the kernel
// itself shows it, and that nothing of it is left.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_process.hpp"
#include "proc_stat.hpp"
#include "recorded_workers.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kGraceNs = 5'000 * kMs;

void pause_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

class WorkEffects : public ::testing::Test {
 protected:
  // While it runs, `look` is called until it says that it has seen enough.
  Reports run(const WorkSpec& spec, const std::function<bool()>& look) {
    EXPECT_TRUE(begin(spec));
    const Deadline deadline = soon();
    while (!look() && std::chrono::steady_clock::now() < deadline) {
      pause_ms(1);
    }
    EXPECT_LT(std::chrono::steady_clock::now(), deadline) << "not seen in time";
    return end();
  }

  bool begin(const WorkSpec& spec) {
    pids_ = {};
    Status status = agent_.tasks.spawn(spec, &group_, pids_);
    EXPECT_TRUE(status.ok()) << status.message;
    status = status.ok() ? agent_.tasks.start(group_) : status;
    EXPECT_TRUE(status.ok()) << status.message;
    return status.ok();
  }

  Reports end() {
    Reports reports;
    const Status status = agent_.tasks.stop(group_, kGraceNs, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    for (const WorkerReport& report : reports.all) {
      // One that had not ended within the grace would have been killed.
      EXPECT_EQ(report.completed, 1U) << "worker " << report.worker;
      EXPECT_EQ(report.wait_status, 0) << "worker " << report.worker;
    }
    for (const pid_t pid : pids_.all) { // its process group, children included
      EXPECT_EQ(::kill(-pid, 0), -1);
      EXPECT_EQ(errno, ESRCH);
    }
    return reports;
  }

  // Whether the worker shows `values` different values of a field of its stat.
  std::function<bool()> sees_values(int field, std::size_t values) {
    return [this, field, values] {
      seen_.insert(stat_field(pids_.all[0], field));
      return seen_.size() >= values;
    };
  }

  // Whether the worker was seen to change its CPU that often.
  std::function<bool()> sees_moves(std::size_t moves) {
    return [this, moves, last = std::int64_t{-1}, seen = std::size_t{0}]() mutable {
      const std::int64_t cpu = stat_field(pids_.all[0], kProcessor);
      seen += cpu != std::exchange(last, cpu) ? 1 : 0;
      return seen > moves;
    };
  }

  // Whether each worker has used a CPU for `cpu_ns` since the first look, or has been given one
  // `turns` times: on a machine with little to give, that takes as long as it takes.
  std::function<bool()> each_has_run(std::int64_t cpu_ns, std::int64_t turns) {
    return [this, cpu_ns, turns] {
      first_.resize(pids_.all.size());
      return std::ranges::all_of(first_, [&](std::optional<Schedstat>& first) {
        const Schedstat now =
            schedstat(pids_.all[static_cast<std::size_t>(&first - first_.data())]);
        first = first.value_or(now);
        return now.cpu_ns - first->cpu_ns >= cpu_ns || now.turns - first->turns >= turns;
      });
    };
  }

  AgentProcess agent_;
  Pids pids_;
  std::uint32_t group_ = 0;
  std::set<std::int64_t> seen_;
  std::vector<std::optional<Schedstat>> first_;
};

class WorkTypes : public WorkEffects, public ::testing::WithParamInterface<WorkType> {};

TEST_P(WorkTypes, goes_through_its_cycle_and_ends_within_its_grace) {
  WorkSpec spec = default_work(GetParam());
  const WorkPhase phases[] = {{.kind = PhaseKind::kSpin, .duration_ns = kMs},
                              {.kind = PhaseKind::kSleep, .duration_ns = kMs},
                              {.kind = PhaseKind::kYield, .duration_ns = kMs},
                              {.kind = PhaseKind::kIo, .duration_ns = kMs}};
  if (GetParam() == WorkType::kSequence) {
    spec.phases = phases;
  }
  spec.burst_ns = std::min(spec.burst_ns, 10 * kMs);
  spec.sleep_ns = std::min(spec.sleep_ns, 5 * kMs);
  const Reports reports = run(spec, each_has_run(200 * kMs, 200));
  ASSERT_EQ(reports.all.size(), spec.workers);
  for (const WorkerReport& report : reports.all) {
    EXPECT_GT(report.iterations, 0U) << "worker " << report.worker;
    EXPECT_GT(report.cpu_ns, 0) << "worker " << report.worker;
    EXPECT_GE(report.wakeups, 1U);
    EXPECT_FALSE(reports.cpus[report.worker].empty());
    // The messenger of fan_out_compute only wakes and sleeps.
    if (GetParam() != WorkType::kFanOutCompute || report.worker != 0) {
      EXPECT_GT(report.work_units, 0U) << "worker " << report.worker;
    }
  }
}

TEST_P(WorkTypes, ends_without_having_been_started) {
  WorkSpec spec = default_work(GetParam());
  const WorkPhase spin{.kind = PhaseKind::kSpin, .duration_ns = kMs};
  spec.phases = std::span(&spin, GetParam() == WorkType::kSequence ? 1 : 0);
  ASSERT_TRUE(agent_.tasks.spawn(spec, &group_, pids_).ok());
  for (const WorkerReport& report : end().all) {
    EXPECT_EQ(report.iterations, 0U);
    EXPECT_EQ(report.wakeups, 0U);
  }
}

std::vector<WorkType> all_types() {
  std::vector<WorkType> types;
  for (const WorkTypeInfo& info : work_types()) {
    types.push_back(info.type);
  }
  return types;
}

std::string name_of(const ::testing::TestParamInfo<WorkType>& one) {
  return std::string(work_type_info(one.param).name);
}

INSTANTIATE_TEST_SUITE_P(All, WorkTypes, ::testing::ValuesIn(all_types()), name_of);

TEST_F(WorkEffects, page_fault_churn_faults_the_pages_in_that_it_gave_back) {
  WorkSpec spec = default_work(WorkType::kPageFaultChurn);
  spec.footprint_bytes = 64 * 4096;
  spec.touches = 64;
  const Reports reports =
      run(spec, [&] { return stat_field(pids_.all[0], kMinorFaults) > 10'000; });
  // 64 draws of 64 pages hit some 40 of them.
  EXPECT_GT(reports.all[0].iterations, 10'000U / 64);
}

TEST_F(WorkEffects, nice_sweep_takes_every_nice_level) {
  run(default_work(WorkType::kNiceSweep), sees_values(kNice, 40));
  EXPECT_EQ(*seen_.begin(), -20);
  EXPECT_EQ(*seen_.rbegin(), 19);
}

TEST_F(WorkEffects, policy_churn_takes_normal_batch_and_idle) {
  run(default_work(WorkType::kPolicyChurn), sees_values(kPolicy, 3));
  EXPECT_THAT(seen_, ::testing::ElementsAre(SCHED_OTHER, SCHED_BATCH, SCHED_IDLE));
}

TEST_F(WorkEffects, affinity_churn_goes_to_every_cpu) {
  const auto cpus = static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  const Reports reports = run(default_work(WorkType::kAffinityChurn), sees_moves(4 * cpus));
  EXPECT_GE(reports.cpus[0].size(), cpus);
  EXPECT_GT(reports.all[0].migrations, 0U);
}

// Every child that it waits for adds its page faults to the worker's count of them.
TEST_F(WorkEffects, fork_exit_makes_processes) {
  const Reports reports =
      run(default_work(WorkType::kForkExit), sees_values(kMinorFaultsOfChildren, 12));
  EXPECT_GT(reports.all[0].iterations, 10U);
  EXPECT_GE(reports.all[0].wakeups, 1U);
}

TEST_F(WorkEffects, a_forking_worker_that_is_killed_takes_its_child_along) {
  WorkSpec spec = default_work(WorkType::kForkExit);
  spec.workers = 4;
  ASSERT_TRUE(begin(spec));
  pause_ms(50);
  for (const pid_t pid : pids_.all) {
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  }
  Reports reports;
  ASSERT_TRUE(agent_.tasks.stop(group_, 0, reports).ok());
  for (const pid_t pid : pids_.all) {
    EXPECT_EQ(::kill(pid, 0), -1);
  }
}

TEST_F(WorkEffects, pairs_exchange_in_step) {
  for (const WorkType type : {WorkType::kFutexPingPong, WorkType::kCachePipe}) {
    WorkSpec spec = default_work(type);
    spec.workers = 4;
    spec.burst_iterations = 2;
    seen_.clear();
    first_.clear();
    const Reports reports = run(spec, each_has_run(50 * kMs, 50));
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      const auto first = static_cast<double>(reports.all[pair].iterations);
      EXPECT_NEAR(first, static_cast<double>(reports.all[pair + 1].iterations), 1);
      EXPECT_GT(first, 10);
      EXPECT_GT(reports.all[pair].wakeups + reports.all[pair + 1].wakeups, 10U);
    }
  }
}

TEST_F(WorkEffects, a_messenger_wakes_its_receivers_and_no_others) {
  WorkSpec spec = default_work(WorkType::kFanOutCompute);
  spec.fan_out = 3;
  spec.workers = 8;
  spec.sleep_ns = 5 * kMs;
  spec.footprint_bytes = 4096;
  const Reports reports = run(spec, each_has_run(1'000 * kMs, 60));
  for (const WorkerReport& report : reports.all) {
    if (report.worker % 4 != 0) {
      const WorkerReport& messenger = reports.all[report.worker / 4 * 4];
      EXPECT_GT(report.iterations, 5U);
      EXPECT_LE(report.iterations, messenger.iterations + 1);
    }
  }
}

TEST_F(WorkEffects, one_lock_lets_one_worker_of_a_team_go_on_at_a_time) {
  WorkSpec spec = default_work(WorkType::kMutexContention);
  spec.hold_iterations = 1000;
  spec.burst_iterations = 1;
  const Reports reports = run(spec, each_has_run(20 * kMs, 1'000));
  std::int64_t cpu_ns = 0;
  for (const WorkerReport& report : reports.all) {
    cpu_ns += report.cpu_ns;
  }
  // Work is nearly all inside: four workers use one CPU, not more.
  EXPECT_LE(cpu_ns, reports.all[0].wall_ns * 12 / 10);
  EXPECT_GT(cpu_ns, 0);
}

TEST_F(WorkEffects, precise_timing_takes_the_slack_off_sleeps) {
  WorkSpec spec = default_work(WorkType::kIdleChurn);
  spec.precise_timing = 1;
  run(spec, [&] {
    return read_file("/proc/" + std::to_string(pids_.all[0]) + "/timerslack_ns") == "1\n";
  });
}

TEST_F(WorkEffects, memory_that_is_not_there_ends_the_worker_with_the_errno) {
  WorkSpec spec = default_work(WorkType::kCachePressure);
  ASSERT_TRUE(agent_.tasks.spawn(spec, &group_, pids_).ok());
  const rlimit little{.rlim_cur = 1, .rlim_max = 1};
  ASSERT_EQ(::prlimit(pids_.all[0], RLIMIT_AS, &little, nullptr), 0);
  ASSERT_TRUE(agent_.tasks.start(group_).ok());
  const Deadline deadline = soon();
  while (::kill(pids_.all[0], 0) == 0 && std::chrono::steady_clock::now() < deadline) {
    pause_ms(1);
  }
  Reports reports;
  ASSERT_TRUE(agent_.tasks.stop(group_, kGraceNs, reports).ok());
  ASSERT_EQ(reports.all.size(), 1U);
  EXPECT_EQ(reports.all[0].completed, 0U);
  EXPECT_EQ(WEXITSTATUS(reports.all[0].wait_status), ENOMEM);
  ASSERT_FALSE(agent_.lines.notices.empty());
  EXPECT_THAT(agent_.lines.notices[0], ::testing::HasSubstr("Cannot allocate memory"));
}

} // namespace
} // namespace schedrig::kvm
