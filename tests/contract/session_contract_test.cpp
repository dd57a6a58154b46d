// SPDX-License-Identifier: MIT
// The machine's clock, waits, interruption and workers' reports on the backend under test.
#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kGraceNs = 20'000'000'000;

class MachineContract : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(booted().up()) << booted().problem(); }
  static BootedMachine& booted() { return BootedMachine::get(); }
  static Machine& machine() { return booted().machine(); }
};

TEST_F(MachineContract, a_wait_ends_at_its_deadline_and_the_clock_is_monotonic) {
  const std::int64_t before = machine().now_ns();
  WakeReason reason = WakeReason::kInterrupted;
  std::int64_t last = before;
  do { // other events may end a wait early
    ASSERT_TRUE(machine().wait_until(before + 20 * kMs, &reason).ok());
    EXPECT_GE(machine().now_ns(), last);
    last = machine().now_ns();
  } while (reason == WakeReason::kEvent);
  EXPECT_EQ(reason, WakeReason::kDeadline);
  EXPECT_GE(last, before + 20 * kMs);
}

TEST_F(MachineContract, a_deadline_in_the_past_returns_at_once) {
  WakeReason reason = WakeReason::kEvent;
  EXPECT_TRUE(machine().wait_until(machine().now_ns() - kMs, &reason).ok());
}

TEST_F(MachineContract, an_interrupt_ends_the_current_or_the_next_wait) {
  machine().interrupt();
  WakeReason reason = WakeReason::kDeadline;
  const std::int64_t hour = 3600'000 * kMs;
  ASSERT_TRUE(machine().wait_until(machine().now_ns() + hour, &reason).ok());
  EXPECT_EQ(reason, WakeReason::kInterrupted);
}

struct Reports final : WorkerReportSink {
  struct Row {
    WorkerReport report;
    std::vector<std::uint32_t> cpus;
    std::vector<Gap> gaps;
    std::vector<std::int64_t> latencies;
  };
  void on_report(const WorkerReport& report) noexcept override {
    rows.push_back({report,
                    {report.cpus_used.begin(), report.cpus_used.end()},
                    {report.gaps.begin(), report.gaps.end()},
                    {report.wake_latencies_ns.begin(), report.wake_latencies_ns.end()}});
  }
  std::vector<Row> rows;
};
struct Pids final : PidSink {
  void on_pid(std::uint32_t worker, std::int32_t pid) noexcept override {
    EXPECT_EQ(worker, pids.size());
    pids.push_back(pid);
  }
  std::vector<std::int32_t> pids;
};

TEST_F(MachineContract, a_pinned_spinner_reports_what_it_did_and_where) {
  const std::vector<std::uint32_t> cpu = {booted().cpus() - 1};
  WorkSpec spec;
  spec.workers = 2;
  spec.cpus = cpu;
  std::uint32_t group = 0;
  Pids pids;
  Status status = booted().tasks().spawn(spec, &group, pids);
  ASSERT_TRUE(status.ok()) << status.message;
  ASSERT_EQ(pids.pids.size(), 2U);
  const std::int64_t started = machine().now_ns();
  ASSERT_TRUE(booted().tasks().start(group).ok());
  ASSERT_TRUE(booted().session().wait_for(400 * kMs));
  Reports reports;
  status = booted().tasks().stop(group, kGraceNs, reports);
  ASSERT_TRUE(status.ok()) << status.message;
  const std::int64_t ended = machine().now_ns();
  ASSERT_EQ(reports.rows.size(), 2U);
  std::int64_t cpu_ns = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& row = reports.rows[i];
    EXPECT_EQ(row.report.worker, i);
    EXPECT_EQ(row.report.pid, pids.pids[i]);
    EXPECT_EQ(row.report.completed, 1U);
    EXPECT_GT(row.report.work_units, 0U);
    EXPECT_EQ(row.cpus, cpu);
    EXPECT_LE(row.report.cpu_ns, row.report.wall_ns);
    EXPECT_GE(row.report.wall_ns, 300 * kMs);
    cpu_ns += row.report.cpu_ns;
    // Two spinners on one CPU: each waits for the other.
    EXPECT_GT(row.report.run_delay_ns, 0);
    ASSERT_FALSE(row.gaps.empty());
    for (const Gap& gap : row.gaps) {
      EXPECT_GE(gap.start_ns, started - 50 * kMs); // the clocks of host and guest differ a little
      EXPECT_LE(gap.start_ns + gap.length_ns, ended + 50 * kMs);
      EXPECT_EQ(gap.cpu, cpu.front());
    }
    EXPECT_TRUE(std::ranges::is_sorted(row.gaps, std::ranges::greater(), &Gap::length_ns));
  }
  EXPECT_LE(cpu_ns, ended - started + 50 * kMs) << "more than one CPU's time on one CPU";
}

TEST_F(MachineContract, every_wake_up_of_a_worker_that_sleeps_has_a_latency) {
  WorkSpec spec = default_work(WorkType::kBursty);
  spec.burst_ns = kMs;
  spec.sleep_ns = 5 * kMs;
  std::uint32_t group = 0;
  Pids pids;
  ASSERT_TRUE(booted().tasks().spawn(spec, &group, pids).ok());
  ASSERT_TRUE(booted().tasks().start(group).ok());
  ASSERT_TRUE(booted().session().wait_for(400 * kMs));
  Reports reports;
  ASSERT_TRUE(booted().tasks().stop(group, kGraceNs, reports).ok());
  ASSERT_EQ(reports.rows.size(), 1U);
  const WorkerReport& report = reports.rows[0].report;
  if (report.wakeups == 0) {
    GTEST_SKIP() << "the backend does not measure wake-ups";
  }
  // One after each sleep; start and stop wake a worker too, unless it runs at that moment.
  EXPECT_GE(report.wakeups + 2, report.iterations);
  EXPECT_LE(report.wakeups, report.iterations + 2);
  EXPECT_GT(report.iterations, 2U);
  EXPECT_EQ(reports.rows[0].latencies.size(), report.wakeups);
  for (const std::int64_t latency : reports.rows[0].latencies) {
    EXPECT_GE(latency, 0);
    EXPECT_LE(latency, report.wall_ns);
  }
}

TEST_F(MachineContract, a_group_that_was_never_started_reports_no_work) {
  std::uint32_t group = 0;
  Pids pids;
  ASSERT_TRUE(booted().tasks().spawn({}, &group, pids).ok());
  Reports reports;
  ASSERT_TRUE(booted().tasks().stop(group, kGraceNs, reports).ok());
  ASSERT_EQ(reports.rows.size(), 1U);
  EXPECT_EQ(reports.rows[0].report.work_units, 0U);
  EXPECT_EQ(reports.rows[0].report.cpu_ns, 0);
}

TEST_F(MachineContract, unknown_and_ended_groups_are_not_found) {
  Reports reports;
  EXPECT_EQ(booted().tasks().start(12345).code, StatusCode::kNotFound);
  EXPECT_EQ(booted().tasks().stop(12345, kGraceNs, reports).code, StatusCode::kNotFound);
  std::uint32_t group = 0;
  Pids pids;
  ASSERT_TRUE(booted().tasks().spawn({}, &group, pids).ok());
  ASSERT_TRUE(booted().tasks().stop(group, kGraceNs, reports).ok());
  EXPECT_EQ(booted().tasks().stop(group, kGraceNs, reports).code, StatusCode::kNotFound);
}

TEST_F(MachineContract, a_batch_stops_at_the_first_error_only_when_asked) {
  const FileOp ops[] = {
      {.kind = FileOpKind::kRead, .path = "/no/such/file", .data = {}},
      {.kind = FileOpKind::kRead, .path = "/sys/fs/cgroup/cgroup.procs", .data = {}}};
  struct Count final : FileReplySink {
    void on_reply(std::uint32_t index, const FileReply& reply) noexcept override {
      indices.push_back(index);
      errnos.push_back(reply.os_errno);
    }
    std::vector<std::uint32_t> indices;
    std::vector<int> errnos;
  };
  auto* files = query<FilesFacet>(machine());
  Count all;
  ASSERT_TRUE(files->run(ops, FileBatchMode::kAll, all).ok());
  EXPECT_EQ(all.errnos, (std::vector<int>{ENOENT, 0}));
  EXPECT_EQ(all.indices, (std::vector<std::uint32_t>{0, 1}));
  Count first;
  ASSERT_TRUE(files->run(ops, FileBatchMode::kStopAtFirstError, first).ok());
  EXPECT_EQ(first.errnos, (std::vector<int>{ENOENT}));
}

TEST_F(MachineContract, a_session_ends_its_waits_at_the_runs_deadline) {
  engine::RunObserver observer;
  const engine::EventCollector events(observer);
  const engine::Cancellation cancellation;
  const Topology topology = Topology::uniform(kNodes, kLlcs, kCoresPerLlc, 1);
  const TopologyView view = topology.view();
  engine::Session session(machine(), *query<FilesFacet>(machine()), booted().tasks(), view, events,
                          cancellation);
  session.set_deadline(machine().now_ns() + 5 * kMs);
  const auto waited = session.wait_for(3600'000 * kMs);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, StatusCode::kTimeout);
  EXPECT_NE(waited.error().message.find("deadline"), std::string::npos);
}

// A config's own mistakes of this kind are found before a run; what a machine turns out to lack is
// found here.
TEST_F(MachineContract, a_failed_op_names_step_op_file_line_and_object) {
  Scenario scenario;
  scenario.files = {"scenario.toml"};
  Step& step = scenario.steps.emplace_back();
  step.name = "first";
  CgroupDef cell;
  cell.name = "cell";
  scenario.backdrop.cgroups.push_back(cell);
  Op op;
  op.body = SetCpuset{.cgroup = "cell", .cpus = LlcCpus{9}};
  op.pos = {.file = 0, .line = 9, .column = 1};
  step.ops.push_back(op);
  const engine::RunReport report = booted().run(scenario);
  ASSERT_TRUE(report.cause.has_value());
  EXPECT_EQ(report.cause->message.find("step 1 \"first\", op 1 set_cpuset (scenario.toml:9): "
                                       "llc = 9 does not exist"),
            0U)
      << report.cause->message;
}

} // namespace
} // namespace schedrig::contract
