// SPDX-License-Identifier: MIT
// Snapshots that a scenario takes: when they are read, where they go, what the report has of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/unit/engine/kernel_run.hpp"

namespace schedrig::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Reader final : public SnapshotReader {
 public:
  explicit Reader(std::vector<std::string>& log) : log_(log) {}
  Result<> prepare() override {
    log_.emplace_back("prepare");
    return fails ? Result<>(fail(StatusCode::kNotFound, "no kernel there")) : Result<>();
  }
  kernel_view::KernelSnapshot read(VcpusFacet* /*vcpus*/) override {
    log_.emplace_back("read");
    const auto none = fail(StatusCode::kNotFound, "none");
    return {none, none, none, none, none, none, none};
  }
  json::Value render(const kernel_view::KernelSnapshot& /*snapshot*/) override {
    log_.emplace_back("render");
    json::Value value = json::Value::object();
    value.set("answer", 42);
    return value;
  }
  bool fails = false;

 private:
  std::vector<std::string>& log_;
};

class Files final : public SnapshotSink {
 public:
  Result<std::string> keep(const std::string& name, const std::string& document) override {
    documents[name] = document;
    return "out/" + name + ".json";
  }
  [[nodiscard]] bool keeps_unasked() const override { return unasked; }
  std::map<std::string, std::string> documents;
  bool unasked = true;
};

class SnapshotsOf : public testing::Test {
 protected:
  void run(const Scenario& scenario) {
    run_on(machine_, scenario, observer_, report_, SnapshotParts{reader_, files_});
  }
  void run_captures(const std::vector<std::string>& names) {
    Scenario scenario;
    Step& step = scenario.steps.emplace_back();
    step.name = "s";
    for (const std::string& name : names) {
      step.ops.push_back({.body = CaptureSnapshot{.name = name, .expect = {}}, .pos = {}});
    }
    run(scenario);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const SnapshotRecord& snapshot : report_.snapshots) {
      all.push_back(snapshot.name);
    }
    return all;
  }

  KernelMachine machine_;
  Reader reader_{machine_.log};
  Files files_;
  RunObserver observer_;
  RunReport report_;
};

TEST_F(SnapshotsOf, memory_is_read_in_the_window_and_rendered_behind_it) {
  run_captures({"here"});
  EXPECT_FALSE(report_.cause) << report_.cause->message;
  EXPECT_THAT(machine_.log, ElementsAre("prepare", "freeze", "read", "thaw", "render"));
  ASSERT_EQ(report_.snapshots.size(), 1U);
  const SnapshotRecord& one = report_.snapshots[0];
  EXPECT_EQ(one.trigger, "op");
  EXPECT_EQ(one.file, "out/here.json");
  EXPECT_EQ(one.window, 1U);
  ASSERT_EQ(report_.freeze_windows.size(), 1U);
  EXPECT_EQ(report_.freeze_windows[0].frozen_ns, 7000);
  const json::Value kept = json::parse(files_.documents.at("here"), "here").value();
  EXPECT_EQ(kept.find("answer")->as_int64(), 42);
  EXPECT_EQ(*kept.find("name")->as_string(), "here");
  EXPECT_EQ(*kept.find("trigger")->as_string(), "op");
}

TEST_F(SnapshotsOf, what_is_expected_of_its_values_fails_the_step_with_what_they_were) {
  Scenario scenario;
  const auto capture = [&](std::vector<ValueCheck> expect) {
    scenario.steps.emplace_back().ops.push_back(
        {.body = CaptureSnapshot{.name = "here", .expect = std::move(expect)}, .pos = {}});
  };
  capture({{.path = "answer", .op = CompareOp::kEqual, .value = 42, .pos = {}}});
  capture({{.path = "answer", .op = CompareOp::kGreater, .value = 41, .pos = {}},
           {.path = "answer", .op = CompareOp::kLess, .value = 42, .pos = {}},
           {.path = "answer", .op = CompareOp::kEqual, .value = 7, .pos = {}}});
  run(scenario);
  ASSERT_EQ(report_.steps.size(), 2U);
  EXPECT_FALSE(report_.steps[0].error) << report_.steps[0].error->message;
  ASSERT_TRUE(report_.steps[1].error);
  EXPECT_THAT(report_.steps[1].error->message,
              HasSubstr("expected answer < 42, it was 42; answer == 7, it was 42"));
  EXPECT_THAT(names(), ElementsAre("here", "here.2")) << "what it was judged by is kept";
}

TEST_F(SnapshotsOf, what_is_expected_of_a_value_that_is_not_there_says_what_is) {
  Scenario scenario;
  scenario.steps.emplace_back().ops.push_back(
      {.body = CaptureSnapshot{.name = "here",
                               .expect = {{.path = "answers", .op = CompareOp::kEqual, .pos = {}}}},
       .pos = {}});
  run(scenario);
  ASSERT_EQ(report_.steps.size(), 1U);
  ASSERT_TRUE(report_.steps[0].error);
  EXPECT_THAT(report_.steps[0].error->message, HasSubstr("did you mean \"answer\""));
}

TEST_F(SnapshotsOf, a_name_that_comes_again_is_numbered) {
  run_captures({"here", "there", "here", "here"});
  EXPECT_THAT(names(), ElementsAre("here", "there", "here.2", "here.3"));
  EXPECT_EQ(files_.documents.size(), 4U);
}

TEST_F(SnapshotsOf, a_run_keeps_256) {
  run_captures(std::vector<std::string>(257, "again"));
  ASSERT_TRUE(report_.cause);
  EXPECT_THAT(report_.cause->message, HasSubstr("at most 256 snapshots"));
  EXPECT_EQ(report_.snapshots.size(), 256U);
}

TEST_F(SnapshotsOf, a_kernel_that_is_not_found_stops_no_cpu) {
  reader_.fails = true;
  run_captures({"here"});
  ASSERT_TRUE(report_.cause);
  EXPECT_THAT(report_.cause->message, HasSubstr("no kernel there"));
  EXPECT_THAT(machine_.log, ElementsAre("prepare"));
  EXPECT_TRUE(report_.snapshots.empty());
}

TEST_F(SnapshotsOf, a_machine_that_cannot_be_stopped_fails_the_op) {
  machine_.freeze_fails = StatusCode::kTimeout;
  run_captures({"here"});
  ASSERT_TRUE(report_.cause);
  EXPECT_THAT(report_.cause->message, HasSubstr("CPU 1 did not stop"));
  EXPECT_TRUE(report_.snapshots.empty());
}

TEST_F(SnapshotsOf, a_scheduler_that_is_ejected_leaves_one_and_the_exit_says_which) {
  machine_.machine.ejects = kExitError;
  Scenario scenario;
  Step& step = scenario.steps.emplace_back();
  step.name = "s";
  step.hold = HoldFixed{10'000'000'000};
  run(scenario);
  ASSERT_TRUE(report_.cause);
  EXPECT_EQ(report_.cause->code, StatusCode::kSchedulerExit);
  EXPECT_THAT(names(), ElementsAre("scheduler exit"));
  ASSERT_EQ(report_.scheduler_events.size(), 1U);
  EXPECT_EQ(report_.scheduler_events[0].snapshot, "scheduler exit");
  EXPECT_EQ(report_.snapshots[0].trigger, "scheduler exit");
  EXPECT_EQ(report_.snapshots[0].file, "out/scheduler exit.json");
}

TEST_F(SnapshotsOf, one_that_nobody_asked_for_goes_into_no_file_where_no_file_is_written) {
  files_.unasked = false;
  machine_.machine.ejects = kExitErrorBpf;
  Scenario scenario;
  Step& step = scenario.steps.emplace_back();
  step.name = "s";
  step.hold = HoldFixed{10'000'000'000};
  run(scenario);
  ASSERT_EQ(report_.snapshots.size(), 1U);
  EXPECT_EQ(report_.snapshots[0].file, "");
  EXPECT_EQ(report_.snapshots[0].document.find("answer")->as_int64(), 42);
  EXPECT_TRUE(files_.documents.empty());
}

TEST_F(SnapshotsOf, an_ejected_scheduler_stays_the_cause_when_no_snapshot_can_be_taken) {
  machine_.machine.ejects = kExitErrorStall;
  reader_.fails = true;
  Scenario scenario;
  Step& step = scenario.steps.emplace_back();
  step.name = "s";
  step.hold = HoldFixed{10'000'000'000};
  run(scenario);
  ASSERT_TRUE(report_.cause);
  EXPECT_EQ(report_.cause->code, StatusCode::kSchedulerExit);
  EXPECT_TRUE(report_.snapshots.empty());
  ASSERT_EQ(report_.scheduler_events.size(), 1U);
  EXPECT_EQ(report_.scheduler_events[0].snapshot, "");
  EXPECT_THAT(report_.scheduler_events[0].snapshot_error, HasSubstr("no kernel there"));
}

TEST_F(SnapshotsOf, those_at_intervals_come_evenly_over_the_duration) {
  Scenario scenario;
  scenario.run.duration_ns = 10'000'000'000;
  scenario.observe.snapshots = 5;
  Step& step = scenario.steps.emplace_back();
  step.name = "s";
  step.hold = HoldFixed{10'000'000'000};
  run(scenario);
  EXPECT_FALSE(report_.cause) << report_.cause->message;
  EXPECT_THAT(names(),
              ElementsAre("interval", "interval.2", "interval.3", "interval.4", "interval.5"));
  for (std::size_t i = 0; i < report_.snapshots.size(); ++i) {
    const SnapshotRecord& snapshot = report_.snapshots[i];
    EXPECT_EQ(snapshot.trigger, "interval");
    const auto due = static_cast<std::int64_t>(2 * i + 1) * 1'000'000'000;
    EXPECT_GE(snapshot.at_ns, due);
    EXPECT_LT(snapshot.at_ns, due + 1'000'000) << i;
  }
}

} // namespace
} // namespace schedrig::engine
