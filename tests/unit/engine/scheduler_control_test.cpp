// SPDX-License-Identifier: MIT
// SchedulerControl over a facet that does as it is told.
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class FakePlugin final : public Plugin {
 public:
  void* query(std::string_view /*interface_id*/) noexcept override { return nullptr; }
};

class FakeMachine final : public Machine {
 public:
  void* query(std::string_view /*interface_id*/) noexcept override { return nullptr; }
  Status boot(std::int64_t /*timeout_ns*/) noexcept override { return {}; }
  [[nodiscard]] std::int64_t now_ns() noexcept override { return now; }
  Status wait_until(std::int64_t /*deadline_ns*/, WakeReason* /*reason*/) noexcept override {
    return {};
  }
  void interrupt() noexcept override {}
  void describe(FactSink& /*sink*/) noexcept override {}
  Status shut_down(std::int64_t /*timeout_ns*/) noexcept override { return {}; }

  std::int64_t now = 0;
};

class FakeFacet final : public SchedulersFacet {
 public:
  explicit FakeFacet(FakeMachine& machine) : machine_(machine) {}
  Status can_attach(std::string_view /*id*/, Plugin& /*scheduler*/) noexcept override { return {}; }
  Status attach(std::string_view id, Plugin& /*scheduler*/, ParamsView /*params*/,
                std::int64_t timeout_ns) noexcept override {
    calls.push_back("attach " + std::string(id) + " within " +
                    std::to_string(timeout_ns / kSecond) + "s");
    machine_.now += 3;
    return attach_status;
  }
  Status detach(std::int64_t timeout_ns) noexcept override {
    calls.push_back("detach within " + std::to_string(timeout_ns / kSecond) + "s");
    machine_.now += 2;
    if (const auto before = std::exchange(before_detach, nullptr); before) {
      before();
      return Status::make(StatusCode::kNotFound, "nothing is attached");
    }
    return detach_status;
  }

  std::vector<std::string> calls;
  Status attach_status;
  Status detach_status;
  std::function<void()> before_detach; // once: what happens while somebody asks

 private:
  FakeMachine& machine_;
};

class SchedulerControlTest : public testing::Test, private ExitSource {
 protected:
  SchedulerControl control() { return {facet, machine, *this, choices, run, report, observer}; }
  void exits_now(std::int64_t kind, const std::string& message, std::int64_t code = 0) {
    SchedulerEvent exit;
    exit.scheduler = "one";
    exit.at_ns = machine.now;
    exit.exit_kind = kind;
    exit.exit_code = code;
    exit.message = message;
    happened_.push_back(exit);
  }

  FakePlugin plugin;
  FakeMachine machine;
  FakeFacet facet{machine};
  std::array<SchedulerChoice, 2> choices = {
      SchedulerChoice{.name = "./one.so", .label = "one", .plugin = &plugin, .params = {}},
      SchedulerChoice{.name = "two", .label = "two", .plugin = &plugin, .params = {}}};
  RunConfig run;
  RunReport report;
  RunObserver observer;

 private:
  [[nodiscard]] std::span<const SchedulerEvent> exits() const override { return happened_; }
  std::vector<SchedulerEvent> happened_;
};

TEST_F(SchedulerControlTest, a_name_leads_to_its_choice_and_the_label_is_shown) {
  auto c = control();
  EXPECT_TRUE(c.attach("./one.so", 7 * kSecond));
  EXPECT_EQ(facet.calls, std::vector<std::string>{"attach one within 7s"});
  EXPECT_EQ(c.attached(), "one");
  ASSERT_EQ(report.scheduler_events.size(), 1U);
  EXPECT_EQ(report.scheduler_events[0].took_ns, 3);
}

TEST_F(SchedulerControlTest, replace_measures_from_the_detach_to_the_attach) {
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  ASSERT_TRUE(c.replace("two", kSecond));
  ASSERT_EQ(report.scheduler_events.size(), 3U);
  EXPECT_EQ(report.scheduler_events[1].took_ns, 2);
  EXPECT_EQ(report.scheduler_events[2].gap_ns, 5);
  EXPECT_EQ(c.attached(), "two");
}

TEST_F(SchedulerControlTest, an_error_is_heard_of_before_it_is_recorded) {
  auto c = control();
  std::vector<std::string> heard;
  c.set_on_error([&](SchedulerEvent& exit) {
    heard.push_back(exit.message + ", events " + std::to_string(report.scheduler_events.size()));
    exit.snapshot = "here";
  });
  ASSERT_TRUE(c.attach("two", kSecond));
  exits_now(kExitError, "bad CPU");
  EXPECT_FALSE(c.look());
  EXPECT_EQ(heard, std::vector<std::string>{"bad CPU, events 1"}) << "the attach alone";
  EXPECT_EQ(report.scheduler_events.back().snapshot, "here");
  EXPECT_FALSE(c.look());
  EXPECT_EQ(heard.size(), 1U) << "once";
}

TEST_F(SchedulerControlTest, an_exit_without_an_error_is_not_heard_of) {
  auto c = control();
  c.set_on_error([&](SchedulerEvent& exit) { exit.snapshot = "here"; });
  ASSERT_TRUE(c.attach("two", kSecond));
  exits_now(kExitUnregBpf, "bye");
  EXPECT_FALSE(c.look());
  EXPECT_EQ(report.scheduler_events.back().snapshot, "");
}

TEST_F(SchedulerControlTest, replacing_by_an_unknown_one_keeps_what_is_attached) {
  auto c = control();
  ASSERT_TRUE(c.attach("two", kSecond));
  const auto replaced = c.replace("three", kSecond);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, StatusCode::kNotFound);
  EXPECT_EQ(c.attached(), "two");
  EXPECT_EQ(facet.calls.size(), 1U);
}

TEST_F(SchedulerControlTest, a_failed_detach_keeps_it_attached) {
  auto c = control();
  ASSERT_TRUE(c.attach("two", kSecond));
  facet.detach_status = Status::make(StatusCode::kTimeout, "still enabled");
  const auto detached = c.detach();
  ASSERT_FALSE(detached);
  EXPECT_EQ(detached.error().message, "detach scheduler \"two\": still enabled");
  EXPECT_EQ(c.attached(), "two");
}

TEST_F(SchedulerControlTest, one_that_asks_for_its_restart_while_it_is_detached_is_detached_again) {
  run.on_exit = OnExit::kRestart;
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  facet.before_detach = [&] { exits_now(kExitUnregBpf, "again", kExitCodeRestart); };
  const auto detached = c.detach();
  EXPECT_TRUE(detached) << detached.error().message;
  EXPECT_EQ(c.attached(), "");
  EXPECT_EQ(facet.calls.size(), 4U) << "attach, detach, attach, detach";
  EXPECT_EQ(report.scheduler_events.size(), 4U) << "attach, exit, attach, detach";
}

TEST_F(SchedulerControlTest, one_that_exits_while_it_is_detached_has_exited) {
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  facet.before_detach = [&] { exits_now(kExitErrorStall, "spin[7] failed to run"); };
  const auto detached = c.detach();
  ASSERT_FALSE(detached);
  EXPECT_EQ(detached.error().code, StatusCode::kSchedulerExit);
  EXPECT_EQ(c.attached(), "");
}

TEST_F(SchedulerControlTest,
       one_that_exits_as_expected_while_it_is_detached_is_not_there_any_more) {
  run.expect = Expectation::kSchedulerExit;
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  facet.before_detach = [&] { exits_now(kExitUnregBpf, "bye"); };
  const auto detached = c.detach();
  ASSERT_FALSE(detached);
  EXPECT_EQ(detached.error().code, StatusCode::kNotFound);
  EXPECT_NE(detached.error().help.find("\"one\" exited at"), std::string::npos);
  EXPECT_TRUE(c.saw_expected_exit());
}

TEST_F(SchedulerControlTest, an_unexpected_exit_fails_every_look_from_then_on) {
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  EXPECT_TRUE(c.look());
  exits_now(kExitErrorStall, "spin[7] failed to run");
  for (int i = 0; i < 2; ++i) {
    const auto looked = c.look();
    ASSERT_FALSE(looked);
    EXPECT_EQ(looked.error().code, StatusCode::kSchedulerExit);
  }
  EXPECT_EQ(report.scheduler_events.size(), 2U);
  EXPECT_EQ(c.attached(), "");
}

TEST_F(SchedulerControlTest, kind_and_message_of_an_expected_exit_must_both_fit) {
  run.expect = Expectation::kSchedulerExit;
  run.expect_exit = {.kind = kExitErrorBpf, .message = "left"};
  auto c = control();
  exits_now(kExitErrorBpf, "no CPU left");
  EXPECT_TRUE(c.look());
  EXPECT_TRUE(c.saw_expected_exit());
  exits_now(kExitErrorBpf, "no CPU right");
  EXPECT_FALSE(c.look());
}

TEST_F(SchedulerControlTest, exits_before_its_time_are_not_its_business) {
  exits_now(kExitError, "of the run before");
  auto c = control();
  EXPECT_TRUE(c.look());
  EXPECT_TRUE(report.scheduler_events.empty());
}

TEST_F(SchedulerControlTest, endless_restarts_come_to_an_end) {
  run.on_exit = OnExit::kRestart;
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  int restarts = 0;
  Result<> looked;
  while (looked && restarts < 1000) {
    exits_now(kExitUnregBpf, "again", kExitCodeRestart);
    looked = c.look();
    ++restarts;
  }
  EXPECT_EQ(restarts, 65);
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().help, "it was restarted 64 times in this run");
}

TEST_F(SchedulerControlTest, an_exit_without_the_request_is_not_restarted) {
  run.on_exit = OnExit::kRestart;
  auto c = control();
  ASSERT_TRUE(c.attach("./one.so", kSecond));
  exits_now(kExitErrorStall, "stalled");
  EXPECT_FALSE(c.look());
  EXPECT_EQ(facet.calls.size(), 1U);
}

} // namespace
} // namespace schedrig::engine
