// SPDX-License-Identifier: MIT
// The snapshot of a scheduler's death: read at the write that the stop watch tells of, else when
// the exit is reported; and which scheduler is watched when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/exit_trigger.hpp"
#include "tests/unit/engine/kernel_machine.hpp"

namespace schedrig::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StopWatch final : public StopWatchFacet {
 public:
  Status arm(const WatchSpec& wanted, StopSink& to) noexcept override {
    if (!refuses.empty()) {
      return Status::make(StatusCode::kTimeout, refuses);
    }
    armed.push_back(wanted.address);
    spec = wanted;
    sink = &to;
    return {};
  }
  Status disarm() noexcept override {
    ++disarmed;
    sink = nullptr;
    return {};
  }
  void hit(std::uint64_t value) {
    WatchCapture capture;
    capture.value = value;
    capture.at_ns = 777;
    sink->on_stop(capture);
    sink->on_go_on(5000);
  }

  std::string refuses;
  std::vector<std::uint64_t> armed;
  WatchSpec spec;
  StopSink* sink = nullptr;
  int disarmed = 0;
};

class Reader final : public SnapshotReader {
 public:
  Result<> prepare() override { return {}; }
  kernel_view::KernelSnapshot read(VcpusFacet* /*vcpus*/) override {
    log.emplace_back("read");
    const auto none = fail(StatusCode::kNotFound, "none");
    return {none, none, none, none, none, none, none};
  }
  json::Value render(const kernel_view::KernelSnapshot& /*snapshot*/) override {
    log.emplace_back("render");
    return json::Value::object();
  }
  std::vector<std::string> log;
};

class ExitTriggers : public testing::Test {
 protected:
  Result<kernel_view::LiveExitKind> find() {
    if (!found) {
      return std::unexpected(found.error());
    }
    found->address += 64; // each scheduler's lies elsewhere
    return found;
  }

  KernelMachine machine_;
  RunObserver observer_;
  EventCollector events_{observer_};
  Cancellation cancellation_;
  Topology topology_ = Topology::uniform(1, 1, 1, 1);
  TopologyView view_ = topology_.view();
  Session session_{machine_.machine,
                   machine_.machine.files_facet(),
                   machine_.machine.tasks_facet(),
                   view_,
                   events_,
                   cancellation_};
  RunReport report_;
  Reader reader_;
  Snapshots snapshots_{session_, reader_, nullptr, report_, observer_};
  StopWatch watch_;
  Result<kernel_view::LiveExitKind> found =
      kernel_view::LiveExitKind{.address = 0x1000,
                                .bytes = 4,
                                .first_error = 2048, // not what today's kernels have
                                .errors = {2048, 2049},
                                .place = "scx_root->exit_kind"};
  ExitTrigger trigger_{&watch_, [this] { return find(); }, snapshots_};
  SchedulerEvent exit_;
};

TEST_F(ExitTriggers, memory_is_read_at_the_write_and_rendered_when_the_exit_is_told_of) {
  trigger_.scheduler_changed(true);
  EXPECT_EQ(watch_.spec.condition, WatchCondition::kGreaterEqual);
  EXPECT_EQ(watch_.spec.value, 2048U);
  watch_.hit(2049);
  EXPECT_THAT(reader_.log, ElementsAre("read"));
  trigger_.on_exit(exit_);
  EXPECT_THAT(reader_.log, ElementsAre("read", "render"));
  EXPECT_EQ(exit_.snapshot, "scheduler exit");
  EXPECT_EQ(exit_.snapshot_by, "watch");
  EXPECT_EQ(exit_.no_watch, "");
  ASSERT_EQ(report_.snapshots.size(), 1U);
  EXPECT_EQ(report_.snapshots[0].at_ns, 777);
  ASSERT_EQ(report_.freeze_windows.size(), 1U);
  EXPECT_EQ(report_.freeze_windows[0].frozen_ns, 5000);
  EXPECT_EQ(report_.snapshots[0].window, report_.freeze_windows[0].id);
}

TEST_F(ExitTriggers, a_value_that_is_no_kind_of_an_exit_is_somebody_elses) {
  trigger_.scheduler_changed(true);
  watch_.hit(5000);
  EXPECT_TRUE(reader_.log.empty());
  trigger_.on_exit(exit_);
  EXPECT_EQ(exit_.snapshot_by, "report");
  EXPECT_THAT(exit_.no_watch, HasSubstr("overwritten by 5000"));
}

TEST_F(ExitTriggers, without_a_word_to_watch_the_report_triggers_and_says_why) {
  found = fail(StatusCode::kNotFound, "the kernel has neither");
  trigger_.scheduler_changed(true);
  trigger_.on_exit(exit_);
  EXPECT_EQ(exit_.snapshot_by, "report");
  EXPECT_EQ(exit_.no_watch, "the kernel has neither");
  EXPECT_EQ(report_.snapshots.size(), 1U);
}

TEST_F(ExitTriggers, a_watch_that_is_refused_is_named) {
  watch_.refuses = "vCPU 1 did not take it";
  trigger_.scheduler_changed(true);
  trigger_.on_exit(exit_);
  EXPECT_EQ(exit_.snapshot_by, "report");
  EXPECT_THAT(exit_.no_watch, HasSubstr("watch scx_root->exit_kind: "));
  EXPECT_THAT(exit_.no_watch, HasSubstr("vCPU 1 did not take it"));
  EXPECT_EQ(watch_.disarmed, 0);
}

TEST_F(ExitTriggers, a_machine_without_stop_watches_has_the_report) {
  ExitTrigger trigger(nullptr, [this] { return find(); }, snapshots_);
  trigger.scheduler_changed(true);
  trigger.on_exit(exit_);
  EXPECT_EQ(exit_.snapshot_by, "report");
  EXPECT_THAT(exit_.no_watch, HasSubstr("cannot be stopped"));
}

TEST_F(ExitTriggers, each_scheduler_is_watched_where_its_own_word_is) {
  trigger_.scheduler_changed(true);
  watch_.hit(2048); // and the exit is never told of
  trigger_.scheduler_changed(false);
  EXPECT_EQ(watch_.disarmed, 1);
  trigger_.scheduler_changed(true);
  EXPECT_THAT(watch_.armed, ElementsAre(0x1040, 0x1080));
  trigger_.on_exit(exit_);
  EXPECT_EQ(exit_.snapshot_by, "report") << "what was read was another scheduler's";
}

} // namespace
} // namespace schedrig::engine
