// SPDX-License-Identifier: MIT
// sched_command and raise_event: what each does to the machine's CPUs, and what it fails with.
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/engine/ops_sched_command.hpp"
#include "host/engine/sched_commands.hpp"
#include "tests/unit/engine/fake_vcpu_control.hpp"
#include "tests/unit/engine/op_test.hpp"

namespace schedrig::engine {
namespace {

using Calls = std::vector<std::string>;

class SchedCommandOps : public OpTest {
 protected:
  SchedCommandOps() {
    machine_.facets.emplace(VcpuControlFacet::kInterfaceId,
                            static_cast<VcpuControlFacet*>(&control_));
    with_control_.emplace(machine_, machine_.files_facet(), machine_.tasks_facet(), view_, events_,
                          cancellation_);
  }

  Result<> apply_op(const OpBody& body) {
    OpContext here = {.scenario = scenario_,
                      .session = *with_control_,
                      .tree = tree_,
                      .books = books_,
                      .payloads = payloads_,
                      .report = report_,
                      .observer = observer_,
                      .snapshots = nullptr,
                      .affinity_random = random_,
                      .scope = scope_,
                      .pos = {}};
    if (const auto* command = std::get_if<SchedCommand>(&body)) {
      return apply(here, *command);
    }
    return apply(here, std::get<RaiseEvent>(body));
  }
  Result<> command(std::uint32_t vcpu, SchedCommandBody body) {
    return apply_op(SchedCommand{.machine = "", .vcpu = vcpu, .command = std::move(body)});
  }
  Result<> raise(std::uint32_t vcpu, std::uint32_t port) {
    return apply_op(RaiseEvent{.machine = "", .port = port, .vcpu = vcpu});
  }
  void expect_errno(const Result<>& result, int os_errno, const std::string& words) {
    ASSERT_FALSE(result) << words;
    EXPECT_EQ(result.error().os_errno, os_errno);
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  }
  SchedCommands& commands() { return *with_control_->commands(); }

  FakeVcpuControl control_;
  std::optional<Session> with_control_;
};

TEST_F(SchedCommandOps, yield_gives_the_slice_up_once_and_nothing_waits) {
  EXPECT_TRUE(command(1, YieldCommand{}));
  EXPECT_EQ(control_.done(), Calls{"yield 1"});
  EXPECT_EQ(commands().next_deadline_ns(), INT64_MAX);
}

TEST_F(SchedCommandOps, block_stops_the_vcpu_until_an_event_for_it) {
  EXPECT_TRUE(command(1, BlockCommand{}));
  EXPECT_EQ(control_.done(), Calls{"stop 1"});
  expect_errno(command(1, BlockCommand{}), EBUSY, "the vCPU waits already");
  EXPECT_TRUE(raise(2, 7)) << "for another one";
  EXPECT_EQ(control_.done(), Calls{});
  EXPECT_TRUE(raise(1, 8));
  EXPECT_EQ(control_.done(), Calls{"resume 1"});
  ASSERT_FALSE(commands().records().empty());
  EXPECT_TRUE(commands().records().front().waited_ns.has_value());
}

TEST_F(SchedCommandOps, an_event_that_is_pending_ends_a_block_before_it_begins) {
  EXPECT_TRUE(raise(1, 8));
  EXPECT_TRUE(command(1, BlockCommand{}));
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(SchedCommandOps, poll_ends_by_one_of_its_ports_whoever_it_notifies) {
  EXPECT_TRUE(command(0, PollCommand{.ports = {5, 6}, .timeout_ns = 0}));
  EXPECT_EQ(control_.done(), Calls{"stop 0"});
  EXPECT_TRUE(raise(2, 6));
  EXPECT_EQ(control_.done(), Calls{"resume 0"});
}

TEST_F(SchedCommandOps, poll_ends_at_its_time_while_the_run_waits) {
  const std::uint64_t until = 1'000'000;
  EXPECT_TRUE(command(0, PollCommand{.ports = {5}, .timeout_ns = until}));
  EXPECT_EQ(control_.done(), Calls{"stop 0 until 1000000"});
  EXPECT_TRUE(with_control_->wait_until(2'000'000));
  EXPECT_EQ(control_.done(), Calls{"resume 0"});
  EXPECT_TRUE(command(0, PollCommand{.ports = {5}, .timeout_ns = until}))
      << "in the past: it returns at once";
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(SchedCommandOps, poll_refuses_too_many_ports_and_those_that_there_are_not) {
  const std::vector<std::uint32_t> many(129, 1);
  expect_errno(command(0, PollCommand{.ports = many, .timeout_ns = 0}), EINVAL, "128 ports");
  expect_errno(command(0, PollCommand{.ports = {4096}, .timeout_ns = 0}), EINVAL, "below 4096");
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(SchedCommandOps, pin_override_binds_and_a_negative_one_undoes_it) {
  expect_errno(command(1, PinOverrideCommand{.pcpu = -1}), EINVAL, "it is not bound");
  expect_errno(command(1, PinOverrideCommand{.pcpu = 4}), EINVAL, "has 4 physical CPUs");
  EXPECT_TRUE(command(1, PinOverrideCommand{.pcpu = 3}));
  EXPECT_EQ(control_.done(), Calls{"pin 1 3"});
  expect_errno(command(1, PinOverrideCommand{.pcpu = 2}), EBUSY, "bound to a physical CPU already");
  EXPECT_TRUE(command(1, PinOverrideCommand{.pcpu = -1}));
  EXPECT_EQ(control_.done(), Calls{"unpin 1"});
}

TEST_F(SchedCommandOps, pins_are_undone_at_the_end) {
  EXPECT_TRUE(command(0, PinOverrideCommand{.pcpu = 0}));
  EXPECT_TRUE(command(1, PinOverrideCommand{.pcpu = 0}));
  (void)control_.done();
  EXPECT_TRUE(commands().unpin_all());
  EXPECT_EQ(control_.done(), (Calls{"unpin 0", "unpin 1"}));
}

TEST_F(SchedCommandOps, there_are_two_watchdogs_and_no_more) {
  EXPECT_TRUE(command(0, WatchdogCommand{.id = 0, .timeout_s = 60}));
  EXPECT_TRUE(command(0, WatchdogCommand{.id = 0, .timeout_s = 60}));
  ASSERT_EQ(commands().records().size(), 2U);
  EXPECT_EQ(commands().records()[0].result, 1);
  EXPECT_EQ(commands().records()[1].result, 2);
  expect_errno(command(0, WatchdogCommand{.id = 0, .timeout_s = 60}), ENOSPC, "both watchdogs");
  EXPECT_TRUE(command(0, WatchdogCommand{.id = 2, .timeout_s = 0}));
  expect_errno(command(0, WatchdogCommand{.id = 2, .timeout_s = 1}), EINVAL, "2 is not in use");
  expect_errno(command(0, WatchdogCommand{.id = 3, .timeout_s = 1}), EINVAL, "no watchdog 3");
}

TEST_F(SchedCommandOps, a_watchdog_that_nobody_feeds_shuts_the_machine_down) {
  EXPECT_TRUE(command(0, WatchdogCommand{.id = 0, .timeout_s = 1}));
  const auto waited = with_control_->wait_until(3'000'000'000);
  ASSERT_FALSE(waited);
  EXPECT_NE(waited.error().message.find("watchdog (4)"), std::string::npos)
      << waited.error().message;
  EXPECT_EQ(control_.done(), (Calls{"stop 0", "stop 1", "stop 2", "stop 3"}));
  EXPECT_FALSE(commands().ended_well());
  ASSERT_TRUE(commands().shutdown());
  EXPECT_EQ(commands().shutdown()->code, 4);
  EXPECT_LT(commands().shutdown()->at_ns, 1'100'000'000);
}

TEST_F(SchedCommandOps, the_first_shutdown_code_stays) {
  EXPECT_TRUE(command(0, ShutdownCodeCommand{.reason = 0x101}));
  EXPECT_TRUE(command(0, ShutdownCodeCommand{.reason = 3}));
  EXPECT_FALSE(commands().is_shut_down());
  EXPECT_TRUE(command(0, ShutdownCommand{.reason = 0}));
  EXPECT_EQ(commands().shutdown()->code, 1) << "the low 8 bits";
  EXPECT_TRUE(commands().ended_well());
  EXPECT_TRUE(with_control_->is_shut_down());
}

TEST_F(SchedCommandOps, a_machine_that_is_taken_apart_runs_whatever_it_waited_for) {
  EXPECT_TRUE(command(1, BlockCommand{}));
  EXPECT_TRUE(command(0, ShutdownCommand{.reason = 2}));
  (void)control_.done();
  EXPECT_TRUE(with_control_->pause_commands());
  EXPECT_EQ(control_.done(), (Calls{"resume 0", "resume 1", "resume 2", "resume 3"}));
  EXPECT_FALSE(with_control_->is_shut_down());
  EXPECT_EQ(commands().shutdown()->code, 2) << "it is reported all the same";
}

TEST_F(SchedCommandOps, no_watchdog_fires_while_a_step_is_taken_apart) {
  EXPECT_TRUE(command(0, WatchdogCommand{.id = 0, .timeout_s = 1}));
  EXPECT_TRUE(with_control_->pause_commands());
  EXPECT_TRUE(with_control_->wait_until(2'000'000'000));
  with_control_->go_on_with_commands();
  EXPECT_FALSE(with_control_->wait_until(3'000'000'000)) << "it is not forgotten";
}

TEST_F(SchedCommandOps, no_other_machine_can_be_shut_down) {
  expect_errno(command(0, RemoteShutdownCommand{.machine = "other", .reason = 0}), ESRCH,
               "no machine is called \"other\"");
}

TEST_F(SchedCommandOps, a_vcpu_that_does_not_stop_fails_the_op) {
  control_.failure = Status::make(StatusCode::kTimeout, "it did not stop within 2 s");
  const auto blocked = command(1, BlockCommand{});
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, StatusCode::kTimeout);
  EXPECT_EQ(blocked.error().message, "block on vCPU 1: vCPU 1: it did not stop within 2 s");
}

TEST_F(SchedCommandOps, a_vcpu_or_a_port_that_there_is_not_is_refused) {
  EXPECT_FALSE(command(4, YieldCommand{}));
  EXPECT_FALSE(raise(4, 1));
  expect_errno(raise(0, 4096), EINVAL, "port 4096");
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(SchedCommandOps, a_machine_without_control_says_so) {
  OpContext here = context();
  const auto done = apply(here, RaiseEvent{.machine = "", .port = 1, .vcpu = 0});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, StatusCode::kUnsupported);
}

} // namespace
} // namespace schedrig::engine
