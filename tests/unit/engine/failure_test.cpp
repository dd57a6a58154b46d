// SPDX-License-Identifier: MIT
// What of a report becomes evidence.
#include <gtest/gtest.h>

#include <schedrig/scheduler_exit.hpp>

#include "host/engine/failure.hpp"
#include "host/engine/scene.hpp"

namespace schedrig::engine {
namespace {

constexpr char kDump[] = R"(CPU 0   : nr_run=2 flags=0x1
          curr=hog[7] class=ext_sched_class

 *R hog[7] +0ms
  R spin[10] -2000ms
      sticky/holding_cpu=-1/-1 dsq_id=0x8000000000000002
      cpus=1 no_mig=0
)";

SchedulerEvent stalled() {
  SchedulerEvent exit;
  exit.scheduler = "mine";
  exit.exit_kind = kExitErrorStall;
  exit.pid = 10;
  exit.task = "spin";
  exit.at_ns = 5;
  exit.dump = kDump;
  return exit;
}

RunReport failed() {
  RunReport report;
  report.verdict = Verdict::kFail;
  report.scheduler = "mine";
  return report;
}

triage::Scene snapshot(bool has_it) {
  triage::Scene scene{.source = "snapshot \"scheduler exit\""};
  scene.cpus = {{.cpu = 0, .pid = 7, .sched_class = "rt", .stolen_share = 0.1}};
  if (has_it) {
    scene.tasks = {{.pid = 10,
                    .comm = "spin",
                    .sched_class = "ext",
                    .allowed = {0},
                    .queue = triage::Queue{.id = 1}}};
  }
  return scene;
}

TEST(Failure, of_a_run_that_passed_is_none) {
  RunReport report;
  EXPECT_FALSE(explain_failure(Scenario(), report));
}

TEST(Failure, of_an_expected_ejection_is_told_too) {
  RunReport report;
  report.scheduler_events = {stalled()};
  report.scheduler_events[0].expected = true;
  ASSERT_TRUE(explain_failure(Scenario(), report));
  report.scheduler_events[0].exit_kind = kExitUnregBpf;
  EXPECT_FALSE(explain_failure(Scenario(), report)) << "it was to end by itself";
}

TEST(Failure, is_read_from_the_kernels_dump) {
  RunReport report = failed();
  report.scheduler_events = {stalled()};
  report.scenes = {snapshot(false)};
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, triage::Kind::kStarved);
}

TEST(Failure, is_read_from_the_snapshot_where_the_dump_does_not_have_the_task) {
  RunReport report = failed();
  report.scheduler_events = {stalled()};
  report.scheduler_events[0].dump = "cut short";
  report.scenes = {snapshot(true)};
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, triage::Kind::kRtHog);
}

TEST(Failure, is_read_from_what_the_monitor_saw_of_the_task_before) {
  RunReport report = failed();
  report.scheduler_events = {stalled()};
  report.scenes = {snapshot(true)};
  report.scenes[0].suspect = 10;
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, triage::Kind::kRtHog);
}

TEST(Failure, has_the_time_that_the_host_stole_from_the_snapshot) {
  RunReport report = failed();
  report.scheduler_events = {stalled()};
  report.scenes = {snapshot(false)};
  report.scenes[0].cpus[0].stolen_share = 0.9;
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->blame, triage::Blame::kHost);
}

TEST(Failure, of_an_attach_is_the_attach_error) {
  RunReport report = failed();
  report.attach_error = Error{StatusCode::kInvalidArgument, "init: no", "", 0};
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, triage::Kind::kAttachError);
  EXPECT_EQ(failure->evidence.at(0), "init: no");
}

TEST(Failure, of_the_kernel_comes_first_and_a_lockup_is_not_its_own) {
  RunReport report = failed();
  report.scheduler_events = {stalled()};
  report.kernel_log = {
      {.kind = ComplaintKind::kRcuStall, .at_ns = 1, .text = "stall", .lines = {}}};
  EXPECT_EQ(explain_failure(Scenario(), report)->blame, triage::Blame::kScheduler);
  report.kernel_log.push_back(
      {.kind = ComplaintKind::kWarning, .at_ns = 2, .text = "WARNING", .lines = {}});
  EXPECT_EQ(explain_failure(Scenario(), report)->blame, triage::Blame::kKernel);
}

TEST(Failure, of_a_worker_that_stood_still_names_the_one_that_did_longest) {
  RunReport report = failed();
  for (const std::int32_t pid : {20, 21}) {
    WorkerRecord worker;
    worker.pid = pid;
    worker.started = worker.completed = true;
    worker.gaps = {Gap{.start_ns = 0, .length_ns = pid * 1'000'000'000LL}};
    report.workers.push_back(worker);
  }
  EXPECT_FALSE(explain_failure(Scenario(), report)) << "no check says so";
  report.checks = {{.name = "not_stuck", .verdict = Verdict::kFail}};
  const auto failure = explain_failure(Scenario(), report);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, triage::Kind::kStuckWorker);
  EXPECT_NE(failure->culprit.find("pid 21"), std::string::npos);
}

TEST(Scene, has_who_runs_and_who_waits_and_for_how_long) {
  using namespace kernel_view;
  CpuFacts busy;
  busy.cpu = 0;
  busy.clock_ns = 100;
  busy.curr = 0x10;
  busy.curr_pid = 7;
  busy.times = {{.state = "user", .ns = 30}, {.state = "steal", .ns = 10}};
  CpuFacts idle;
  idle.cpu = 1;
  idle.clock_ns = 40; // it stands
  TaskFacts runs;
  runs.address = 0x10;
  runs.pid = 7;
  runs.sched_class = "rt_sched_class";
  runs.on_rq = runs.on_cpu = true;
  TaskFacts waits;
  waits.pid = 10;
  waits.sched_class = "ext_sched_class";
  waits.on_rq = true;
  waits.cpu = 1;
  waits.queued_ns = 60;
  waits.cpus_allowed = {1};
  TaskFacts sleeps = waits;
  sleeps.pid = 11;
  sleeps.state = 1;
  DsqFacts queue;
  queue.owner = 1;
  queue.tasks = {{.pid = 10, .vtime = 5}};
  const triage::Scene scene = scene_of(std::vector{busy, idle}, std::vector{runs, waits, sleeps},
                                       std::vector{queue}, "s", 9);
  ASSERT_EQ(scene.cpus.size(), 2U);
  EXPECT_EQ(scene.cpus[0].sched_class, "rt");
  EXPECT_DOUBLE_EQ(scene.cpus[0].stolen_share, 0.25);
  ASSERT_EQ(scene.tasks.size(), 2U);
  EXPECT_TRUE(scene.tasks[0].running);
  EXPECT_EQ(scene.tasks[1].waiting_ns, 40);
  ASSERT_TRUE(scene.tasks[1].queue);
  EXPECT_EQ(scene.tasks[1].queue->local_cpu, 1U);
  EXPECT_EQ(scene.tasks[1].vtime, 5U);
}

} // namespace
} // namespace schedrig::engine
