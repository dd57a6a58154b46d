// SPDX-License-Identifier: MIT
// Cases of sched_command and raise_event. A vCPU that a case stops goes on at its step's end.
#include <cerrno>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {
namespace {

OpBody command(std::uint32_t vcpu, SchedCommandBody body) {
  return SchedCommand{.machine = "", .vcpu = vcpu, .command = std::move(body)};
}

OpBody event(std::uint32_t vcpu, std::uint32_t port) {
  return RaiseEvent{.machine = "", .port = port, .vcpu = vcpu};
}

OpBody pin(std::uint32_t vcpu, std::int32_t pcpu) {
  return command(vcpu, PinOverrideCommand{.pcpu = pcpu});
}

OpBody watchdog(std::uint32_t id, std::uint32_t timeout_s) {
  return command(0, WatchdogCommand{.id = id, .timeout_s = timeout_s});
}

void first_waited(const RunReport& report) {
  ASSERT_FALSE(report.sched_commands.empty());
  EXPECT_TRUE(report.sched_commands.front().waited_ns.has_value());
  all_workers_completed(report);
}

std::function<void(const RunReport&)> was_shut_down(std::uint8_t code) {
  return [code](const RunReport& report) {
    ASSERT_TRUE(report.shutdown.has_value());
    EXPECT_EQ(report.shutdown->code, code);
    all_workers_completed(report);
  };
}

} // namespace

void command_cases(std::vector<OpCase>& cases) {
  const std::string op = "sched_command";
  const auto good = [&](std::string name, std::vector<OpBody> before, OpBody body,
                        std::function<void(const RunReport&)> check = all_workers_completed) {
    cases.push_back({.op = op,
                     .name = std::move(name),
                     .backdrop = {spinners("a", 4)},
                     .before = std::move(before),
                     .body = std::move(body),
                     .check = std::move(check)});
  };
  const auto bad = [&](std::string name, std::vector<OpBody> before, OpBody body, int os_errno) {
    cases.push_back({.op = op,
                     .name = std::move(name),
                     .before = std::move(before),
                     .body = std::move(body),
                     .status = StatusCode::kOs,
                     .os_errno = os_errno});
  };
  const OpBody block = command(1, BlockCommand{});
  const OpBody poll = command(1, PollCommand{.ports = {7}, .timeout_ns = 0});
  good("yield", {}, command(1, YieldCommand{}));
  good("block until the step's end", {}, block, first_waited);
  good("block until an event", {block}, event(1, 3), first_waited);
  good("block with an event pending", {event(1, 3)}, block);
  good("poll until an event of another vCPU", {poll}, event(0, 7), first_waited);
  good("poll whose time is past", {}, command(1, PollCommand{.ports = {7}, .timeout_ns = 1}));
  good("poll until the step's end", {}, poll, first_waited);
  bad("block of a vCPU that waits", {block}, block, EBUSY);
  bad("yield of a vCPU that waits", {block}, command(1, YieldCommand{}), EBUSY);
  bad("poll of 129 ports", {},
      command(1, PollCommand{.ports = std::vector<std::uint32_t>(129, 1), .timeout_ns = 0}),
      EINVAL);
  bad("poll of a port that there is not", {},
      command(1, PollCommand{.ports = {4096}, .timeout_ns = 0}), EINVAL);
  good("pin_override of two vCPUs to one physical CPU", {pin(0, 0)}, pin(1, 0));
  good("pin_override undone", {pin(1, 0)}, pin(1, -1));
  bad("pin_override to a physical CPU that there is not", {}, pin(1, 65'535), EINVAL);
  bad("pin_override of a bound vCPU", {pin(1, 0)}, pin(1, 0), EBUSY);
  bad("pin_override undone of a vCPU that is not bound", {}, pin(1, -1), EINVAL);
  good("watchdog armed and destroyed", {watchdog(0, 600)}, watchdog(1, 0));
  bad("a third watchdog", {watchdog(0, 600), watchdog(0, 600)}, watchdog(0, 600), ENOSPC);
  bad("a watchdog that is not in use", {}, watchdog(2, 600), EINVAL);
  bad("watchdog 3", {}, watchdog(3, 600), EINVAL);
  bad("remote_shutdown of a machine that there is not", {},
      command(0, RemoteShutdownCommand{.machine = "other", .reason = 0}), ESRCH);
  good("shutdown", {}, command(0, ShutdownCommand{.reason = 1}), was_shut_down(1));
  good("shutdown with a code that was said before",
       {command(0, ShutdownCodeCommand{.reason = 0x105}),
        command(0, ShutdownCodeCommand{.reason = 3})},
       command(0, ShutdownCommand{.reason = 0}), was_shut_down(5));
  good("shutdown to suspend", {}, command(0, ShutdownCommand{.reason = 2}), was_shut_down(2));
  cases.push_back({.op = op,
                   .name = "a vCPU that there is not",
                   .body = command(kCpus, YieldCommand{}),
                   .status = StatusCode::kNotFound});
  cases.push_back({.op = "raise_event",
                   .name = "a port that there is not",
                   .body = event(0, 4096),
                   .status = StatusCode::kOs,
                   .os_errno = EINVAL});
  cases.push_back({.op = "raise_event",
                   .name = "a vCPU that there is not",
                   .body = event(kCpus, 1),
                   .status = StatusCode::kNotFound});
}

} // namespace schedrig::contract
