// SPDX-License-Identifier: MIT
// Who owns what over several steps, on the backend under test.
#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {
namespace {

constexpr std::int64_t kMs = 1'000'000;

class StepContract : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(booted().up()) << booted().problem(); }
  static BootedMachine& booted() { return BootedMachine::get(); }

  Step& add_step(const std::string& name, std::vector<OpBody> ops, Hold hold = HoldFixed{}) {
    Step& step = scenario_.steps.emplace_back();
    step.name = name;
    for (OpBody& body : ops) {
      step.ops.push_back({.body = std::move(body), .pos = {}});
    }
    step.hold = hold;
    return step;
  }
  void add_backdrop(const std::string& name) {
    scenario_.backdrop.cgroups.emplace_back().name = name;
  }
  engine::RunReport run() {
    engine::RunReport report = booted().run(scenario_);
    EXPECT_EQ(report.cause ? report.cause->message : "", "");
    for (const engine::WorkerRecord& worker : report.workers) {
      EXPECT_TRUE(worker.completed) << "pid " << worker.pid;
    }
    return report;
  }

  static OpBody spawn(std::optional<std::string> cgroup, std::uint32_t workers) {
    WorkGroup work;
    work.workers = workers;
    return Spawn{.cgroup = std::move(cgroup), .work = work};
  }
  static OpBody look_into(std::string cgroup) {
    return CaptureCgroupProcs{.tag = "t", .cgroup = std::move(cgroup)};
  }
  static OpBody move(std::string from, std::string to) {
    return MoveAllTasks{.from = std::move(from), .to = std::move(to)};
  }

  Scenario scenario_;
};

TEST_F(StepContract, workers_that_a_step_spawns_into_the_backdrop_end_with_the_step) {
  add_backdrop("base");
  add_step("one", {spawn("base", 2), look_into("base")});
  add_step("two", {look_into("base")});
  const auto report = run();
  ASSERT_EQ(report.cgroup_procs.size(), 2U);
  EXPECT_EQ(report.cgroup_procs[0].pids.size(), 2U);
  EXPECT_TRUE(report.cgroup_procs[1].pids.empty());
}

TEST_F(StepContract, they_end_in_a_frozen_cgroup_too_and_it_stays_frozen) {
  add_backdrop("base");
  add_step("one", {spawn("base", 2), FreezeCgroup{"base"}});
  // Waiting would time out if the cgroup did not say "frozen 1".
  add_step("two", {look_into("base"), FreezeCgroup{.cgroup = "base", .wait_ns = kMs}});
  const auto report = run();
  ASSERT_EQ(report.cgroup_procs.size(), 1U);
  EXPECT_TRUE(report.cgroup_procs[0].pids.empty());
}

TEST_F(StepContract, workers_that_a_step_hands_to_the_backdrop_outlive_it) {
  add_backdrop("base");
  add_step("one", {spawn({}, 2), AddCgroup{"own"}, spawn("own", 1), move("", "base"),
                   move("own", "base")});
  add_step("two", {look_into("base")});
  const auto report = run();
  ASSERT_EQ(report.cgroup_procs.size(), 1U);
  EXPECT_EQ(report.cgroup_procs[0].pids.size(), 3U);
  ASSERT_EQ(report.workers.size(), 3U);
  for (const engine::WorkerRecord& worker : report.workers) {
    EXPECT_EQ(worker.step, "step \"one\""); // who spawned it
    EXPECT_EQ(worker.cgroup, "base");
  }
}

TEST_F(StepContract, handed_over_workers_may_not_come_back_into_a_step) {
  add_backdrop("base");
  add_step("one", {spawn({}, 1), move("", "base")});
  add_step("two", {AddCgroup{"own"}, move("base", "own")});
  const auto report = booted().run(scenario_);
  ASSERT_EQ(report.steps.size(), 2U);
  const auto& error = report.steps[1].ops.back().error;
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, StatusCode::kInvalidArgument);
}

TEST_F(StepContract, a_step_may_remove_a_cgroup_of_the_backdrop_and_make_the_name_its_own) {
  add_backdrop("base");
  add_step("one", {RemoveCgroup{"base"}, AddCgroup{"base"}, spawn("base", 1)});
  add_step("two", {AddCgroup{"base"}, look_into("base")});
  const auto report = run();
  ASSERT_EQ(report.cgroup_procs.size(), 1U);
  EXPECT_TRUE(report.cgroup_procs[0].pids.empty());
}

TEST_F(StepContract, a_loop_makes_its_setup_once_and_repeats_its_ops_until_time_is_up) {
  Step& step = add_step("loop", {look_into("own")},
                        HoldLoop{.every_ns = 20 * kMs, .during = HoldFixed{90 * kMs}});
  CgroupDef& own = step.setup.emplace_back();
  own.name = "own";
  own.work.emplace_back().workers = 2;
  const auto report = run();
  // At 0, 20, 40, 60 and 80 ms; fewer where an op takes longer than the interval.
  ASSERT_GE(report.cgroup_procs.size(), 2U);
  EXPECT_LE(report.cgroup_procs.size(), 5U);
  for (const engine::CgroupProcs& capture : report.cgroup_procs) {
    EXPECT_EQ(capture.pids, report.cgroup_procs[0].pids);
    EXPECT_EQ(capture.pids.size(), 2U);
  }
  EXPECT_EQ(report.steps[0].ops.back().iteration + 1, report.cgroup_procs.size());
  EXPECT_GE(report.steps[0].end_ns - report.steps[0].start_ns, 90 * kMs);
}

} // namespace
} // namespace schedrig::contract
