// SPDX-License-Identifier: MIT
// The tasks facet from the host's side to real workers on this machine.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_process.hpp"
#include "proc_stat.hpp"
#include "recorded_workers.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kGraceNs = 5'000 * kMs;

class Tasks : public ::testing::Test {
 protected:
  std::uint32_t spawn(const WorkSpec& spec) {
    std::uint32_t group = 0;
    pids_ = {};
    const Status status = agent_.tasks.spawn(spec, &group, pids_);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(pids_.all.size(), spec.workers);
    return group;
  }

  Status try_spawn(const WorkSpec& spec) {
    std::uint32_t group = 0;
    return agent_.tasks.spawn(spec, &group, pids_);
  }

  void start(std::uint32_t group) {
    const Status status = agent_.tasks.start(group);
    EXPECT_TRUE(status.ok()) << status.message;
  }

  Reports stop(std::uint32_t group, std::int64_t grace_ns = kGraceNs) {
    Reports reports;
    const Status status = agent_.tasks.stop(group, grace_ns, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    return reports;
  }

  // Waits until the worker has used that much CPU time, its birth included.
  static void wait_for_cpu_time(pid_t pid, std::int64_t cpu_ns) {
    const Deadline deadline = soon();
    while (schedstat(pid).cpu_ns < cpu_ns && std::chrono::steady_clock::now() < deadline) {
      ::sched_yield();
    }
    EXPECT_GE(schedstat(pid).cpu_ns, cpu_ns);
  }

  // The life of a group until each worker has used that much CPU time beyond that of its birth,
  // which a sanitizer makes long.
  Reports run(const WorkSpec& spec, std::int64_t cpu_ns) {
    const std::uint32_t group = spawn(spec);
    std::vector<std::int64_t> until;
    for (const pid_t pid : pids_.all) {
      until.push_back(schedstat(pid).cpu_ns + cpu_ns);
    }
    start(group);
    for (std::size_t i = 0; i < until.size(); ++i) {
      wait_for_cpu_time(pids_.all[i], until[i]);
    }
    return stop(group);
  }

  // Open ones, but for the three that every process has.
  static int descriptors(pid_t pid) {
    int open = 0;
    for (const auto& fd :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
      open += std::stoi(fd.path().filename()) > STDERR_FILENO ? 1 : 0;
    }
    return open;
  }

  static void expect_gone(const std::vector<std::int32_t>& pids) {
    for (const pid_t pid : pids) {
      EXPECT_EQ(::kill(pid, 0), -1);
      EXPECT_EQ(errno, ESRCH);
    }
  }

  AgentProcess agent_;
  Pids pids_;
};

void expect_plausible(const Reports& reports, std::size_t workers) {
  ASSERT_EQ(reports.all.size(), workers);
  for (std::size_t i = 0; i < workers; ++i) {
    const WorkerReport& report = reports.all[i];
    EXPECT_EQ(report.completed, 1U);
    EXPECT_EQ(report.wait_status, 0);
    EXPECT_GT(report.work_units, 0U);
    EXPECT_GT(report.iterations, 0U);
    EXPECT_GT(report.cpu_ns, 0);
    // CPU time and the wall clock are read one after the other, at both ends.
    EXPECT_LE(report.cpu_ns, report.wall_ns + kMs);
    EXPECT_GE(report.run_delay_ns, 0);
    EXPECT_FALSE(reports.cpus[i].empty());
    EXPECT_TRUE(std::ranges::is_sorted(reports.cpus[i]));
    EXPECT_LE(reports.gaps[i].size(), kGapsPerWorker);
    EXPECT_EQ(reports.latencies[i].size(),
              std::min<std::uint64_t>(report.wakeups, kWakeLatenciesPerWorker));
    for (const std::int64_t latency : reports.latencies[i]) {
      EXPECT_GE(latency, 0);
      EXPECT_LE(latency, report.wall_ns);
    }
    EXPECT_TRUE(std::ranges::is_sorted(reports.gaps[i], std::ranges::greater{}, &Gap::length_ns));
    for (const Gap& gap : reports.gaps[i]) {
      EXPECT_GT(gap.length_ns, 0);
      EXPECT_LE(gap.length_ns, report.wall_ns);
    }
  }
}

TEST_F(Tasks, spin_counts_units_and_cpu_time) {
  const Reports reports = run({.type = WorkType::kSpin, .workers = 1, .cpus = {}}, 50 * kMs);
  expect_plausible(reports, 1);
  const WorkerReport& report = reports.all[0];
  EXPECT_EQ(report.iterations, report.work_units);
  EXPECT_EQ(report.wakeups, 1U); // by the start
  // The rest went by between the barrier and the worker's first look at its clock.
  EXPECT_GE(report.cpu_ns, 45 * kMs);
  // A unit is 1024 dependent multiplications: 0.5 us on any CPU of today, 100 us under emulation.
  EXPECT_GT(report.work_units, 100U);
}

TEST_F(Tasks, more_spinners_than_cpus_wait_and_remember_their_longest_gaps) {
  const auto workers = static_cast<std::uint32_t>(2 * ::sysconf(_SC_NPROCESSORS_ONLN));
  const Reports reports = run({.type = WorkType::kSpin, .workers = workers, .cpus = {}}, 30 * kMs);
  expect_plausible(reports, workers);
  for (std::size_t i = 0; i < workers; ++i) {
    EXPECT_GT(reports.all[i].run_delay_ns, 0);
    EXPECT_FALSE(reports.gaps[i].empty());
  }
}

TEST_F(Tasks, yield_makes_a_system_call_a_unit) {
  const Reports reports = run({.type = WorkType::kYield, .workers = 2, .cpus = {}}, 20 * kMs);
  expect_plausible(reports, 2);
  EXPECT_EQ(reports.all[0].iterations, reports.all[0].work_units);
}

TEST_F(Tasks, bursty_sleeps_between_bursts) {
  const Reports reports = run({.type = WorkType::kBursty,
                               .workers = 1,
                               .burst_ns = 5 * kMs,
                               .sleep_ns = 10 * kMs,
                               .cpus = {}},
                              30 * kMs);
  expect_plausible(reports, 1);
  const WorkerReport& report = reports.all[0];
  EXPECT_EQ(report.wakeups, 1 + report.iterations);
  // n bursts of 5 ms have n - 1 sleeps of 10 ms between them.
  EXPECT_GE(report.iterations, 4U);
  EXPECT_LE(report.iterations * 5 * kMs, static_cast<std::uint64_t>(report.cpu_ns));
  EXPECT_GE(report.wall_ns, static_cast<std::int64_t>(report.iterations) * 15 * kMs);
}

TEST_F(Tasks, a_bursty_worker_in_a_long_sleep_ends_at_once) {
  const std::uint32_t group = spawn({.type = WorkType::kBursty,
                                     .workers = 1,
                                     .burst_ns = kMs,
                                     .sleep_ns = 3'600'000 * kMs,
                                     .cpus = {}});
  start(group);
  wait_for_cpu_time(pids_.all[0], kMs);
  const std::int64_t before = host_now_ns();
  const Reports reports = stop(group);
  EXPECT_LT(host_now_ns() - before, kGraceNs);
  EXPECT_EQ(reports.all[0].completed, 1U);
  EXPECT_EQ(reports.all[0].iterations, 0U);
}

TEST_F(Tasks, pipe_io_pairs_exchange_in_step) {
  const Reports reports =
      run({.type = WorkType::kPipeIo, .workers = 4, .burst_iterations = 4, .cpus = {}}, 5 * kMs);
  expect_plausible(reports, 4);
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    const auto first = static_cast<double>(reports.all[pair].iterations);
    const auto second = static_cast<double>(reports.all[pair + 1].iterations);
    EXPECT_NEAR(first, second, 1);
    EXPECT_GT(first, 10);
    EXPECT_GT(reports.all[pair].wakeups + reports.all[pair + 1].wakeups, 10U);
  }
}

TEST_F(Tasks, a_partner_without_its_pair_waits_and_still_ends) {
  const std::uint32_t group = spawn({.type = WorkType::kPipeIo, .workers = 2, .cpus = {}});
  start(group);
  wait_for_cpu_time(pids_.all[1], kMs);
  ASSERT_EQ(::kill(pids_.all[0], SIGKILL), 0);
  const Reports reports = stop(group);
  ASSERT_EQ(reports.all.size(), 2U);
  EXPECT_EQ(reports.all[0].completed, 0U);
  EXPECT_EQ(reports.all[1].completed, 1U);
}

TEST_F(Tasks, a_group_that_was_never_started_reports_no_work) {
  for (const WorkType type :
       {WorkType::kSpin, WorkType::kYield, WorkType::kBursty, WorkType::kPipeIo}) {
    const Reports reports = stop(spawn({.type = type, .workers = 2, .cpus = {}}));
    ASSERT_EQ(reports.all.size(), 2U);
    for (const WorkerReport& report : reports.all) {
      EXPECT_EQ(report.completed, 1U);
      EXPECT_EQ(report.work_units, 0U);
      EXPECT_EQ(report.cpu_ns, 0);
      EXPECT_EQ(report.wall_ns, 0);
    }
    expect_gone(pids_.all);
  }
}

TEST_F(Tasks, a_worker_killed_from_outside_is_not_completed_and_is_noticed) {
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 2, .cpus = {}});
  start(group);
  wait_for_cpu_time(pids_.all[0], 10 * kMs);
  ASSERT_EQ(::kill(pids_.all[0], SIGKILL), 0);
  // Reaped by the agent: gone from the table of processes.
  const Deadline deadline = soon();
  while (::kill(pids_.all[0], 0) == 0 && std::chrono::steady_clock::now() < deadline) {
    ::sched_yield();
  }
  const Reports reports = stop(group);
  ASSERT_EQ(reports.all.size(), 2U);
  EXPECT_EQ(reports.all[0].completed, 0U);
  EXPECT_TRUE(WIFSIGNALED(reports.all[0].wait_status));
  EXPECT_EQ(WTERMSIG(reports.all[0].wait_status), SIGKILL);
  EXPECT_GT(reports.all[0].work_units, 0U);
  EXPECT_GT(reports.all[0].cpu_ns, 0);
  EXPECT_EQ(reports.all[1].completed, 1U);
  ASSERT_EQ(agent_.lines.notices.size(), 1U);
  EXPECT_THAT(agent_.lines.notices[0], HasSubstr("killed by SIGKILL"));
}

TEST_F(Tasks, a_worker_that_does_not_hear_is_killed_after_the_grace) {
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 2, .cpus = {}});
  start(group);
  wait_for_cpu_time(pids_.all[1], 5 * kMs);
  ASSERT_EQ(::kill(pids_.all[1], SIGSTOP), 0);
  const Reports reports = stop(group, 100 * kMs);
  ASSERT_EQ(reports.all.size(), 2U);
  EXPECT_EQ(reports.all[0].completed, 1U);
  EXPECT_EQ(reports.all[1].completed, 0U);
  EXPECT_TRUE(WIFSIGNALED(reports.all[1].wait_status));
  EXPECT_EQ(WTERMSIG(reports.all[1].wait_status), SIGKILL);
  expect_gone(pids_.all);
}

TEST_F(Tasks, policy_nice_and_affinity_are_there_once_started) {
  const std::uint32_t cpus[] = {0};
  const std::uint32_t group = spawn({.type = WorkType::kSpin,
                                     .workers = 2,
                                     .nice = 5,
                                     .policy = SchedClass::kBatch,
                                     .cpus = cpus});
  EXPECT_EQ(::sched_getscheduler(pids_.all[1]), SCHED_OTHER);
  start(group);
  for (const pid_t pid : pids_.all) {
    EXPECT_EQ(::sched_getscheduler(pid), SCHED_BATCH);
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)), 5);
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(pid, sizeof set, &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    wait_for_cpu_time(pid, 5 * kMs);
  }
  const Reports reports = stop(group);
  EXPECT_EQ(reports.cpus[0], std::vector<std::uint32_t>{0});
  EXPECT_EQ(reports.all[0].migrations, 0U);
}

TEST_F(Tasks, an_affinity_to_no_cpu_of_the_machine_fails_the_start_by_name) {
  const std::uint32_t cpus[] = {1000};
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 1, .cpus = cpus});
  const Status status = agent_.tasks.start(group);
  EXPECT_EQ(status.code, StatusCode::kOs);
  EXPECT_EQ(status.os_errno, EINVAL);
  EXPECT_THAT(status.message, HasSubstr("sched_setaffinity of worker 0"));
  EXPECT_EQ(stop(group).all[0].work_units, 0U);
}

TEST_F(Tasks, workers_have_process_groups_and_no_descriptor_of_the_agent) {
  const std::uint32_t group = spawn({.type = WorkType::kPipeIo, .workers = 4, .cpus = {}});
  start(group);
  for (const pid_t pid : pids_.all) {
    EXPECT_EQ(::getpgid(pid), pid);
    // Two of pipes, once it works.
    const Deadline deadline = soon();
    while (descriptors(pid) != 2 && std::chrono::steady_clock::now() < deadline) {
      ::sched_yield();
    }
    EXPECT_EQ(descriptors(pid), 2) << "one pipe to the partner, one from it";
  }
  stop(group);
}

TEST_F(Tasks, four_hundred_workers_live_and_report) {
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 400, .cpus = {}});
  start(group);
  wait_for_cpu_time(pids_.all[399], 2 * kMs);
  const Reports reports = stop(group, 20'000 * kMs);
  ASSERT_EQ(reports.all.size(), 400U);
  EXPECT_TRUE(std::ranges::all_of(
      reports.all, [](const WorkerReport& report) { return report.completed == 1; }));
  expect_gone(pids_.all);
}

TEST_F(Tasks, impossible_groups_are_refused) {
  EXPECT_EQ(try_spawn({.workers = 0, .cpus = {}}).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(try_spawn({.workers = kMaxWorkersPerGroup + 1, .cpus = {}}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(try_spawn({.type = WorkType::kPipeIo, .workers = 3, .cpus = {}}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(try_spawn({.type = WorkType::kBursty, .burst_ns = -1, .cpus = {}}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(try_spawn({.nice = 20, .cpus = {}}).code, StatusCode::kInvalidArgument);
  const std::uint32_t cpus[] = {UINT32_MAX};
  EXPECT_EQ(try_spawn({.cpus = cpus}).code, StatusCode::kInvalidArgument);
}

TEST_F(Tasks, unknown_groups_and_second_starts_are_typed_errors) {
  EXPECT_EQ(agent_.tasks.start(77).code, StatusCode::kNotFound);
  Reports reports;
  EXPECT_EQ(agent_.tasks.stop(77, 0, reports).code, StatusCode::kNotFound);
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 1, .cpus = {}});
  start(group);
  EXPECT_EQ(agent_.tasks.start(group).code, StatusCode::kInvalidArgument);
  stop(group);
  EXPECT_EQ(agent_.tasks.stop(group, 0, reports).code, StatusCode::kNotFound);
  EXPECT_TRUE(reports.all.empty());
}

TEST_F(Tasks, when_the_agent_ends_no_worker_is_left) {
  const std::uint32_t group = spawn({.type = WorkType::kSpin, .workers = 3, .cpus = {}});
  start(group);
  std::vector<UniqueFd> processes;
  for (const pid_t pid : pids_.all) {
    processes.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  agent_.channel.close();
  (void)agent_.wait_for_end();
  for (const UniqueFd& process : processes) {
    pollfd wait{.fd = process.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
  }
}

} // namespace
} // namespace schedrig::kvm
