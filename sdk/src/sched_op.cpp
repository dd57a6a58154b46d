// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <schedrig/sched_op.hpp>

#include "sched_waits.hpp"

namespace schedrig {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

constexpr SchedOutcome failed(int os_errno) {
  return {.value = -os_errno};
}

template <class T> std::optional<T> copy_argument(SchedArguments& memory, std::uint64_t address) {
  T argument;
  if (!memory.copy(address, std::as_writable_bytes(std::span(&argument, 1)))) {
    return std::nullopt;
  }
  return argument;
}

// One command, with everything that it may look at.
struct Call {
  SchedMachines& machines;
  const SchedCaller& caller;
  SchedArguments& memory;
  std::uint64_t argument;

  [[nodiscard]] SchedMachine& machine() const { return machines[caller.domain]; }
  [[nodiscard]] SchedVcpu& vcpu() const { return machine().vcpus[caller.vcpu]; }
  [[nodiscard]] bool hardware() const { return caller.hardware || machine().hardware; }
};

SchedOutcome yield(const Call&) {
  return {.yields = true};
}

SchedOutcome block(const Call& call) {
  call.vcpu().events_enabled = true;
  if (sched::consume_events(call.machine(), call.caller.vcpu)) {
    return {};
  }
  call.vcpu().wait = VcpuWait::kBlocked;
  return {.waits = true};
}

SchedOutcome shutdown(const Call& call) {
  const auto argument = copy_argument<ShutdownArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  sched::shut_down(call.machine(), argument->reason);
  if (call.machine().shutdown_code != static_cast<std::uint8_t>(ShutdownReason::kSuspend)) {
    return {};
  }
  call.vcpu().wait = VcpuWait::kSuspended;
  return {.waits = true};
}

std::optional<std::vector<std::uint32_t>> copy_ports(const Call& call,
                                                     const PollArgument& argument) {
  std::vector<std::uint32_t> ports(argument.nr_ports);
  if (!ports.empty() &&
      !call.memory.copy(argument.ports, std::as_writable_bytes(std::span(ports)))) {
    return std::nullopt;
  }
  return ports;
}

SchedOutcome poll(const Call& call) {
  const auto argument = copy_argument<PollArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  if (argument->nr_ports > kMaxPolledPorts) {
    return failed(EINVAL);
  }
  auto ports = copy_ports(call, *argument);
  if (!ports) {
    return failed(EFAULT);
  }
  if (std::ranges::any_of(*ports, [](std::uint32_t port) { return port >= kEventPorts; })) {
    return failed(EINVAL);
  }
  SchedVcpu& vcpu = call.vcpu();
  vcpu.polled_ports = *std::move(ports);
  const bool ended = sched::ends_poll(call.machine(), call.caller.vcpu);
  const bool late = argument->timeout_ns != 0 && argument->timeout_ns <= call.caller.now_ns;
  if (ended || late) {
    sched::consume_events(call.machine(), call.caller.vcpu);
    vcpu.polled_ports.clear();
    return {};
  }
  vcpu.wait = VcpuWait::kPolling;
  vcpu.poll_until_ns = argument->timeout_ns;
  return {.waits = true};
}

SchedOutcome remote_shutdown(const Call& call) {
  const auto argument = copy_argument<RemoteShutdownArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  if (argument->domain >= call.machines.size()) {
    return failed(ESRCH);
  }
  if (!call.hardware()) {
    return failed(EPERM);
  }
  sched::shut_down(call.machines[argument->domain], argument->reason);
  return {};
}

SchedOutcome shutdown_code(const Call& call) {
  const auto argument = copy_argument<ShutdownArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  sched::latch_shutdown_code(call.machine(), argument->reason);
  return {};
}

SchedOutcome arm_free_watchdog(SchedMachine& machine, std::uint64_t expires_ns) {
  const auto free =
      std::ranges::find_if(machine.watchdogs, [](const auto& timer) { return !timer; });
  if (free == machine.watchdogs.end()) {
    return failed(ENOSPC);
  }
  *free = expires_ns;
  return {.value = free - machine.watchdogs.begin() + 1};
}

SchedOutcome watchdog(const Call& call) {
  const auto argument = copy_argument<WatchdogArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  if (argument->id > kWatchdogs) {
    return failed(EINVAL);
  }
  // At most 2^32 seconds on top: no overflow for the next five centuries.
  const std::uint64_t expires_ns = call.caller.now_ns + argument->timeout_s * kNsPerSecond;
  if (argument->id == 0) {
    return arm_free_watchdog(call.machine(), expires_ns);
  }
  auto& timer = call.machine().watchdogs[argument->id - 1];
  if (!timer) {
    return failed(EINVAL);
  }
  timer = argument->timeout_s == 0 ? std::nullopt : std::optional(expires_ns);
  return {};
}

SchedOutcome pin_override(const Call& call) {
  if (!call.hardware()) {
    return failed(EPERM); // before the argument is looked at
  }
  const auto argument = copy_argument<PinOverrideArgument>(call.memory, call.argument);
  if (!argument) {
    return failed(EFAULT);
  }
  auto& pinned_to = call.vcpu().pinned_to;
  if (argument->pcpu < 0) {
    if (!pinned_to) {
      return failed(EINVAL);
    }
    pinned_to.reset();
    return {};
  }
  const auto pcpu = static_cast<std::uint32_t>(argument->pcpu);
  if (pcpu >= call.machine().pcpus) {
    return failed(EINVAL);
  }
  if (pinned_to) {
    return failed(EBUSY);
  }
  pinned_to = pcpu;
  return {};
}

bool acts_on_a_running_vcpu(SchedCommandNumber number) {
  return number == SchedCommandNumber::kYield || number == SchedCommandNumber::kBlock ||
         number == SchedCommandNumber::kPoll;
}

} // namespace

SchedOutcome sched_op(SchedMachines& machines, const SchedCaller& caller, std::uint32_t command,
                      SchedArguments& memory, std::uint64_t argument) {
  const Call call{machines, caller, memory, argument};
  if (command > static_cast<std::uint32_t>(SchedCommandNumber::kPinOverride)) {
    return failed(ENOSYS);
  }
  const auto number = static_cast<SchedCommandNumber>(command);
  if (call.vcpu().wait != VcpuWait::kNone && acts_on_a_running_vcpu(number)) {
    return failed(EBUSY);
  }
  switch (number) {
  case SchedCommandNumber::kYield:
    return yield(call);
  case SchedCommandNumber::kBlock:
    return block(call);
  case SchedCommandNumber::kShutdown:
    return shutdown(call);
  case SchedCommandNumber::kPoll:
    return poll(call);
  case SchedCommandNumber::kRemoteShutdown:
    return remote_shutdown(call);
  case SchedCommandNumber::kShutdownCode:
    return shutdown_code(call);
  case SchedCommandNumber::kWatchdog:
    return watchdog(call);
  case SchedCommandNumber::kPinOverride:
    return pin_override(call);
  }
  return failed(ENOSYS);
}

} // namespace schedrig
