// SPDX-License-Identifier: MIT
// What ends a step although none of its ops failed.
#include <gtest/gtest.h>

#include "host/engine/scenario_runner.hpp"
#include "host/engine/scheduler_control.hpp"
#include "tests/unit/engine/no_schedulers.hpp"
#include "tests/unit/engine/scripted_machine.hpp"

namespace schedrig::engine {
namespace {

TEST(Steps, a_scheduler_that_has_exited_ends_a_step_without_a_hold_and_the_rest_is_skipped) {
  ScriptedMachine machine;
  machine.files["/sys/fs/cgroup/cgroup.controllers"] = "";
  machine.files["/sys/fs/cgroup/schedrig"] = "";
  RunObserver observer;
  EventCollector events(observer);
  const Cancellation cancellation;
  const Topology topology = Topology::uniform(1, 1, 1, 1);
  const TopologyView view = topology.view();
  Session session(machine, machine.files_facet(), machine.tasks_facet(), view, events,
                  cancellation);
  const RunConfig run;
  RunReport report;
  NoSchedulers facet;
  SchedulerControl schedulers(facet, machine, events, {}, run, report, observer);
  session.set_schedulers(schedulers);
  events.on_event({.kind = EventKind::kSchedulerExit, .value = 1026, .text = "stalled"});
  Scenario scenario;
  scenario.steps.resize(2);
  scenario.steps[0].name = "one";
  scenario.steps[1].name = "two";

  run_steps(scenario, session, observer, report);
  ASSERT_EQ(report.steps.size(), 2U);
  EXPECT_EQ(report.steps[0].verdict, Verdict::kFail);
  ASSERT_TRUE(report.steps[0].error);
  EXPECT_EQ(report.steps[0].error->code, StatusCode::kSchedulerExit);
  EXPECT_NE(report.steps[0].error->message.find("stalled"), std::string::npos)
      << report.steps[0].error->message;
  EXPECT_EQ(report.steps[1].verdict, Verdict::kSkip);
}

} // namespace
} // namespace schedrig::engine
