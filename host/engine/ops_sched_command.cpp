// SPDX-License-Identifier: MIT
#include "host/engine/ops_sched_command.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/engine/sched_commands.hpp"

namespace schedrig::engine {
namespace {

// A machine that no run has: commands to it find nobody.
constexpr std::uint16_t kNoDomain = UINT16_MAX;

// A command with its argument as it lies in a caller's memory.
class Request final : public SchedArguments {
 public:
  // Where the argument is; any address but that of no pointer.
  static constexpr std::uint64_t kArgument = 0x1000;

  explicit Request(const SchedCommandBody& body) {
    std::visit([this](const auto& command) { put(command); }, body);
  }

  [[nodiscard]] SchedCommandNumber number() const { return number_; }

  bool copy(std::uint64_t address, std::span<std::byte> into) noexcept override {
    if (address < kArgument || address - kArgument > bytes_.size() ||
        into.size() > bytes_.size() - (address - kArgument)) {
      return false;
    }
    std::memcpy(into.data(), bytes_.data() + (address - kArgument), into.size());
    return true;
  }

 private:
  template <class T> void append(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  void put(const YieldCommand&) { number_ = SchedCommandNumber::kYield; }
  void put(const BlockCommand&) { number_ = SchedCommandNumber::kBlock; }
  void put(const ShutdownCommand& command) {
    number_ = SchedCommandNumber::kShutdown;
    append(ShutdownArgument{.reason = command.reason});
  }
  void put(const PollCommand& command) {
    number_ = SchedCommandNumber::kPoll;
    append(PollArgument{.ports = kArgument + sizeof(PollArgument),
                        .nr_ports = static_cast<std::uint32_t>(command.ports.size()),
                        .timeout_ns = command.timeout_ns});
    for (const std::uint32_t port : command.ports) {
      append(port);
    }
  }
  void put(const RemoteShutdownCommand& command) {
    number_ = SchedCommandNumber::kRemoteShutdown;
    append(RemoteShutdownArgument{.domain = kNoDomain, .reason = command.reason});
  }
  void put(const ShutdownCodeCommand& command) {
    number_ = SchedCommandNumber::kShutdownCode;
    append(ShutdownArgument{.reason = command.reason});
  }
  void put(const WatchdogCommand& command) {
    number_ = SchedCommandNumber::kWatchdog;
    append(WatchdogArgument{.id = command.id, .timeout_s = command.timeout_s});
  }
  void put(const PinOverrideCommand& command) {
    number_ = SchedCommandNumber::kPinOverride;
    append(PinOverrideArgument{.pcpu = command.pcpu});
  }

  SchedCommandNumber number_ = SchedCommandNumber::kYield;
  std::vector<std::byte> bytes_;
};

// What the errno of a refused command means (docs/reference/sched_commands.md has all).
std::string reason(const SchedCommandBody& body, int os_errno, const SchedCommands& commands) {
  if (std::holds_alternative<RemoteShutdownCommand>(body)) {
    return "no machine is called \"" + std::get<RemoteShutdownCommand>(body).machine + "\"";
  }
  if (const auto* watchdog = std::get_if<WatchdogCommand>(&body)) {
    return os_errno == ENOSPC ? "both watchdogs are in use"
           : watchdog->id > kWatchdogs
               ? "there is no watchdog " + std::to_string(watchdog->id)
               : "watchdog " + std::to_string(watchdog->id) + " is not in use";
  }
  if (const auto* pin = std::get_if<PinOverrideCommand>(&body)) {
    return os_errno == EBUSY ? "it is bound to a physical CPU already"
           : pin->pcpu < 0   ? "it is not bound to a physical CPU"
                           : "the machine's pool has " + std::to_string(commands.physical_cpus()) +
                                 " physical CPUs";
  }
  if (os_errno == EINVAL) { // poll's
    return "at most 128 ports, each below " + std::to_string(kEventPorts);
  }
  return os_errno == EBUSY ? "the vCPU waits already" : "refused";
}

Result<SchedCommands*> commands_of(OpContext& context, std::uint32_t vcpu) {
  SchedCommands* commands = context.session.commands();
  if (commands == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine's CPUs cannot be controlled",
                "`schedrig plugins --verbose` lists what each backend can do");
  }
  if (vcpu >= commands->vcpus()) {
    return fail(StatusCode::kNotFound, "the machine has no vCPU " + std::to_string(vcpu));
  }
  return commands;
}

} // namespace

Result<> apply(OpContext& context, const SchedCommand& op) {
  SchedCommands* commands = TRY(commands_of(context, op.vcpu));
  Request request(op.command);
  const std::string what =
      std::string(to_string(request.number())) + " on vCPU " + std::to_string(op.vcpu);
  auto outcome = commands->carry_out(
      {.vcpu = op.vcpu, .now_ns = context.session.now_ns(), .program = std::nullopt},
      request.number(), request, Request::kArgument);
  if (!outcome) {
    return std::unexpected(std::move(outcome).error().context(what));
  }
  if (outcome->value < 0) {
    const int os_errno = static_cast<int>(-outcome->value);
    return fail_errno(os_errno, what + ": " + reason(op.command, os_errno, *commands));
  }
  return {};
}

Result<> apply(OpContext& context, const RaiseEvent& op) {
  SchedCommands* commands = TRY(commands_of(context, op.vcpu));
  if (!TRY(commands->raise(op.vcpu, op.port, context.session.now_ns()))) {
    return fail_errno(EINVAL, "port " + std::to_string(op.port),
                      "a machine has " + std::to_string(kEventPorts) + " ports");
  }
  return {};
}

} // namespace schedrig::engine
