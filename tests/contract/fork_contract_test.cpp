// SPDX-License-Identifier: MIT
// Machines that start from templates, on the backend under test. The template is of the process's
// booted machine, right after its boot; every other case of the suite shows that this did it no
// harm.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <schedrig/payloads.hpp>

#include "tests/contract/forked_machine.hpp"

namespace schedrig::contract {
namespace {

constexpr std::int64_t kMs = 1'000'000;
const std::string kCell = "/sys/fs/cgroup/cell";

struct Destroy {
  void operator()(Template* saved) const { BootedMachine::get().forks()->destroy_template(saved); }
};
using TemplatePtr = std::unique_ptr<Template, Destroy>;

WorkSpec spinning(std::uint32_t workers) {
  WorkSpec spec;
  spec.workers = workers;
  return spec;
}

class ForkContract : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(booted().up()) << booted().problem();
    if (booted().forks() == nullptr) {
      GTEST_SKIP() << booted().template_problem();
    }
    ASSERT_NE(booted().saved(), nullptr) << booted().template_problem();
  }
  static BootedMachine& booted() { return BootedMachine::get(); }
  static const Template& saved() { return *booted().saved(); }
};

TEST_F(ForkContract, a_fork_has_the_files_of_the_machine_that_was_saved) {
  ForkedMachine fork(saved());
  for (const char* path :
       {"/proc/version", "/sys/devices/system/cpu/online", "/sys/devices/system/cpu/possible",
        "/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/cgroup.subtree_control"}) {
    const auto original = booted().files().read(path);
    ASSERT_TRUE(original) << original.error().message;
    EXPECT_EQ(fork.read(path), *original) << path;
  }
}

TEST_F(ForkContract, the_clock_of_a_fork_begins_at_its_own_boot_and_runs) {
  booted().session().wait_for(50 * kMs).value();
  ForkedMachine fork(saved());
  const std::int64_t before = fork.machine().now_ns();
  EXPECT_GE(before, 0);
  EXPECT_LT(before, booted().machine().now_ns());
  fork.run_for(20 * kMs);
  EXPECT_GE(fork.machine().now_ns(), before + 20 * kMs);
}

TEST_F(ForkContract, workers_of_a_fork_do_their_work_on_every_cpu) {
  ForkedMachine fork(saved());
  const std::uint32_t spinners = fork.run_work(spinning(booted().cpus()));
  fork.run_until_worked(fork.pids(), 5);
  WorkSpec sleeper = default_work(WorkType::kBursty);
  sleeper.burst_ns = kMs;
  sleeper.sleep_ns = 5 * kMs;
  sleeper.workers = booted().cpus();
  const std::uint32_t sleepers = fork.run_work(sleeper);
  fork.run_until_worked(fork.pids(), 5); // some fifty bursts
  for (const std::uint32_t group : {spinners, sleepers}) {
    const auto reports = fork.stop(group);
    ASSERT_EQ(reports.size(), booted().cpus());
    for (const WorkerReport& report : reports) {
      EXPECT_EQ(report.completed, 1U);
      EXPECT_GT(report.work_units, 0U);
      EXPECT_GT(report.iterations, 2U) << "no timer came back";
    }
  }
}

TEST_F(ForkContract, forks_see_nothing_of_each_other_nor_the_machine_that_was_saved) {
  ForkedMachine one(saved());
  ForkedMachine two(saved());
  one.mkdir(kCell);
  one.run_work(spinning(2));
  const std::int32_t pid = one.pids().front();
  one.write(kCell + "/cgroup.procs", std::to_string(pid));
  EXPECT_FALSE(two.exists(kCell + "/cgroup.procs"));
  EXPECT_FALSE(booted().files().read(kCell + "/cgroup.procs"));
  two.mkdir(kCell);
  EXPECT_EQ(two.read(kCell + "/cgroup.procs"), "");
  EXPECT_EQ(one.read(kCell + "/cgroup.procs"), std::to_string(pid) + "\n");
}

TEST_F(ForkContract, a_reset_machine_has_forgotten_its_life_and_starts_another) {
  ForkedMachine fork(saved());
  TasksFacet* const tasks = &fork.tasks();
  for (const bool ended : {false, true}) {
    fork.mkdir(kCell);
    const std::uint32_t group = fork.run_work(spinning(2));
    const std::string stat = "/proc/" + std::to_string(fork.pids().front()) + "/stat";
    fork.run_for(50 * kMs);
    if (ended) {
      fork.shut_down();
    }
    fork.reset(2);
    EXPECT_EQ(&fork.tasks(), tasks) << "facets stay valid";
    EXPECT_FALSE(fork.exists(kCell + "/cgroup.procs"));
    EXPECT_FALSE(fork.exists(stat));
    EXPECT_EQ(fork.tasks().start(group).code, StatusCode::kNotFound);
    const auto reports = [&] {
      const std::uint32_t again = fork.run_work(spinning(2));
      fork.run_until_worked(fork.pids(), 5); // a tick can be of who ran for a moment
      return fork.stop(again);
    }();
    ASSERT_EQ(reports.size(), 2U);
    EXPECT_GT(reports[0].work_units, 0U);
  }
}

TEST_F(ForkContract, a_machine_is_reset_after_an_interrupt_without_losing_its_next_wait) {
  ForkedMachine fork(saved());
  fork.machine().interrupt();
  fork.reset(1);
  WakeReason reason = WakeReason::kInterrupted;
  const std::int64_t until = fork.machine().now_ns() + 20 * kMs;
  do { // other events may end a wait early
    ASSERT_TRUE(fork.machine().wait_until(until, &reason).ok());
  } while (reason == WakeReason::kEvent);
  EXPECT_EQ(reason, WakeReason::kDeadline);
}

TEST_F(ForkContract, a_template_of_a_busy_machine_starts_with_its_workers_running) {
  constexpr std::uint32_t kWorkers = 64;
  ForkedMachine busy(saved());
  busy.mkdir(kCell);
  WorkSpec spec = default_work(WorkType::kBursty);
  spec.burst_ns = kMs;
  spec.sleep_ns = 2 * kMs;
  spec.workers = kWorkers;
  const std::uint32_t group = busy.run_work(spec);
  const std::vector<std::int32_t> pids = busy.pids();
  for (const std::int32_t pid : pids) {
    busy.write(kCell + "/cgroup.procs", std::to_string(pid));
  }
  busy.run_for(100 * kMs);
  const TemplatePtr of_busy(busy.save());
  ASSERT_NE(of_busy, nullptr);
  busy.run_for(100 * kMs);
  const auto reports = busy.stop(group);
  ASSERT_EQ(reports.size(), kWorkers);
  for (const WorkerReport& report : reports) {
    EXPECT_EQ(report.completed, 1U) << "the save took it along";
  }

  ForkedMachine fork(*of_busy);
  const std::string procs = fork.read(kCell + "/cgroup.procs");
  EXPECT_EQ(std::ranges::count(procs, '\n'), kWorkers);
  const auto stat_of = [&](std::size_t i) {
    return fork.read("/proc/" + std::to_string(pids[i]) + "/stat");
  };
  std::vector<std::string> before;
  std::vector<std::size_t> still;
  for (std::size_t i = 0; i < pids.size(); ++i) {
    before.push_back(stat_of(i));
    still.push_back(i);
  }
  // CPU time is shown in ticks, and a slow machine gives that many workers theirs late.
  for (int i = 0; i < 60 && !still.empty(); ++i) {
    fork.run_for(500 * kMs);
    std::erase_if(still, [&](std::size_t worker) { return stat_of(worker) != before[worker]; });
  }
  EXPECT_THAT(still, testing::IsEmpty()) << "workers that stand still";
  EXPECT_EQ(fork.tasks().start(group).code, StatusCode::kNotFound) << "no group id leads to them";
  fork.write(kCell + "/cgroup.kill", "1");
  // A slow machine takes its time to end that many.
  for (int i = 0; i < 100 && !fork.read(kCell + "/cgroup.procs").empty(); ++i) {
    fork.run_for(100 * kMs);
  }
  EXPECT_EQ(fork.read(kCell + "/cgroup.procs"), "");
  EXPECT_EQ(fork.stop(fork.run_work(spinning(2))).size(), 2U);
}

TEST_F(ForkContract, a_payload_of_the_machine_that_was_saved_runs_on_without_an_id) {
  struct Ignored final : PayloadReportSink {
    void on_report(const PayloadReport& /*report*/) noexcept override {}
  };
  ForkedMachine busy(saved());
  auto* const payloads = query<PayloadsFacet>(busy.machine());
  if (payloads == nullptr) {
    GTEST_SKIP() << "no " << PayloadsFacet::kInterfaceId;
  }
  // Static: a span of it is kept, and g++ 12 gives the lambda a temporary one of an automatic one.
  static constexpr std::array<std::string_view, 1> kLong = {"1000"};
  const auto sleep_in = [&](ForkedMachine& machine, std::uint32_t* id) {
    std::int32_t pid = 0;
    const PayloadSpec spec{.name = "sleep", .binary = "/usr/bin/sleep", .args = kLong};
    auto& facet = *query<PayloadsFacet>(machine.machine());
    EXPECT_TRUE(facet.spawn(spec, id, &pid).ok());
    EXPECT_TRUE(facet.start(*id).ok());
    return pid;
  };
  std::uint32_t id = 0;
  const std::int32_t pid = sleep_in(busy, &id);
  const TemplatePtr of_busy(busy.save());
  ASSERT_NE(of_busy, nullptr);
  Ignored ignored;
  EXPECT_TRUE(payloads->kill(id, ignored).ok()) << "the save left it alone";

  ForkedMachine fork(*of_busy);
  auto& forks_own = *query<PayloadsFacet>(fork.machine());
  const std::string stat = "/proc/" + std::to_string(pid) + "/stat";
  EXPECT_TRUE(fork.exists(stat));
  EXPECT_EQ(forks_own.kill(id, ignored).code, StatusCode::kNotFound);
  std::uint32_t another = 0;
  const std::int32_t its_pid = sleep_in(fork, &another);
  EXPECT_NE(its_pid, pid);
  EXPECT_TRUE(forks_own.kill(another, ignored).ok());
  EXPECT_TRUE(fork.exists(stat)) << "the fork's own is another";
}

TEST_F(ForkContract, many_forks_one_after_the_other_all_answer) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ForkedMachine fork(saved(), seed);
    fork.mkdir(kCell);
    fork.run_for(5 * kMs);
    EXPECT_EQ(fork.read(kCell + "/cgroup.procs"), "");
  }
}

TEST_F(ForkContract, the_fields_of_a_template_leave_out_the_seed_and_hold_the_memory) {
  struct Facts final : FactSink {
    void on_fact(std::string_view key, std::string_view value) noexcept override {
      all.emplace_back(key, value);
    }
    std::vector<std::pair<std::string, std::string>> all;
  };
  const auto fields = [](const MachineSpec& spec) {
    Facts facts;
    EXPECT_TRUE(booted().forks()->template_fields(spec, facts).ok());
    return facts.all;
  };
  const auto first = fields(booted().spec(1));
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(fields(booted().spec(2)), first);
  MachineSpec larger = booted().spec(1);
  larger.memory_bytes += 64ULL << 20U;
  EXPECT_NE(fields(larger), first);
}

} // namespace
} // namespace schedrig::contract
