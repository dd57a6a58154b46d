// SPDX-License-Identifier: MIT
#include "host/engine/sched_commands.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

// Of one run: a program can ask as often as it likes.
constexpr std::size_t kMostRecords = 1000;

std::uint64_t unsigned_of(std::int64_t ns) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
}

std::int64_t signed_of(std::uint64_t ns) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(ns, INT64_MAX));
}

// Until when a vCPU has to stand still; nothing: it may run.
std::optional<std::int64_t> standstill(const SchedMachine& machine, const SchedVcpu& vcpu) {
  if (machine.shut_down) {
    return INT64_MAX;
  }
  if (vcpu.wait == VcpuWait::kNone) {
    return std::nullopt;
  }
  return vcpu.poll_until_ns == 0 ? INT64_MAX : signed_of(vcpu.poll_until_ns);
}

} // namespace

SchedCommands::SchedCommands(VcpuControlFacet& facet, std::uint32_t vcpus)
    : facet_(facet), stands_(vcpus), pinned_(vcpus), waiting_(vcpus) {
  SchedMachine machine;
  machine.pcpus = facet.physical_cpus();
  machine.vcpus.resize(vcpus);
  machines_.push_back(std::move(machine));
}

Result<SchedOutcome> SchedCommands::carry_out(const Caller& caller, SchedCommandNumber command,
                                              SchedArguments& memory, std::uint64_t argument) {
  // The scenario acts as the hardware domain, a program as its own machine.
  const SchedCaller who = {.domain = 0,
                           .vcpu = caller.vcpu,
                           .hardware = !caller.program,
                           .now_ns = unsigned_of(caller.now_ns)};
  TRY(time_passes(caller.now_ns)); // what ended before is over
  const SchedOutcome outcome =
      sched_op(machines_, who, static_cast<std::uint32_t>(command), memory, argument);
  note(caller, command, outcome);
  if (outcome.yields) {
    TRY(from_status(facet_.yield(caller.vcpu)));
  }
  TRY(follow(caller.now_ns));
  return outcome;
}

Result<bool> SchedCommands::raise(std::uint32_t vcpu, std::uint32_t port, std::int64_t now_ns) {
  TRY(time_passes(now_ns));
  int error = 0;
  note_wakes(raise_event(machines_, 0, vcpu, port, &error), now_ns);
  TRY(follow(now_ns));
  return error == 0;
}

Result<> SchedCommands::time_passes(std::int64_t now_ns) {
  if (next_deadline_ns() > now_ns) {
    return {};
  }
  note_wakes(sched_time_passes(machines_, unsigned_of(now_ns)), now_ns);
  return follow(now_ns);
}

std::int64_t SchedCommands::next_deadline_ns() const {
  const auto next = next_sched_deadline(machines_);
  return next ? signed_of(*next) : INT64_MAX;
}

Error SchedCommands::shutdown_error() const {
  const ShutdownRecord& record = *shutdown_;
  return {StatusCode::kGuestFailed,
          "the machine was shut down by a scheduling command: " +
              std::string(shutdown_reason(record.code)) + " (" + std::to_string(record.code) +
              "), at " + text::human_duration(record.at_ns),
          ended_well() ? "nothing can be done in it any more: shut it down in the last step"
                       : "a scenario that wants it so says expect = \"fail\"",
          0};
}

bool SchedCommands::ended_well() const {
  return shutdown_->code != static_cast<std::uint8_t>(ShutdownReason::kCrash) &&
         shutdown_->code != static_cast<std::uint8_t>(ShutdownReason::kWatchdog);
}

Result<> SchedCommands::release(std::int64_t now_ns) {
  note_wakes(end_suspend(machines_, 0, false), now_ns);
  SchedMachine& machine = machines_.front();
  machine.shut_down = false;
  for (std::uint32_t i = 0; i < vcpus(); ++i) {
    SchedVcpu& vcpu = machine.vcpus[i];
    vcpu.wait = VcpuWait::kNone;
    vcpu.polled_ports.clear();
    vcpu.poll_until_ns = 0;
    note_wakes({{.domain = 0, .vcpu = i, .value = 0}}, now_ns);
  }
  return follow(now_ns);
}

Result<> SchedCommands::unpin_all() {
  for (SchedVcpu& vcpu : machines_.front().vcpus) {
    vcpu.pinned_to.reset();
  }
  return pin_and_unpin();
}

std::vector<ProgramReply> SchedCommands::take_replies() {
  return std::exchange(replies_, {});
}

void SchedCommands::note(const Caller& caller, SchedCommandNumber command,
                         const SchedOutcome& outcome) {
  std::optional<std::size_t> record;
  if (records_.size() < kMostRecords) {
    record = records_.size();
    records_.push_back({.command = std::string(to_string(command)),
                        .vcpu = caller.vcpu,
                        .by_program = caller.program.has_value(),
                        .at_ns = caller.now_ns,
                        .result = outcome.value,
                        .waited_ns = std::nullopt});
  }
  if (outcome.waits) {
    waiting_[caller.vcpu] = Waiting{.program = caller.program, .record = record};
  }
}

void SchedCommands::note_wakes(const std::vector<SchedWake>& wakes, std::int64_t now_ns) {
  for (const SchedWake& wake : wakes) {
    const auto waiting = std::exchange(waiting_[wake.vcpu], std::nullopt);
    if (!waiting) {
      continue;
    }
    if (waiting->record) {
      SchedCommandRecord& record = records_[*waiting->record];
      record.result = wake.value;
      record.waited_ns = now_ns - record.at_ns;
    }
    if (waiting->program) {
      replies_.push_back({.call = *waiting->program, .value = wake.value});
    }
  }
}

Result<> SchedCommands::follow(std::int64_t now_ns) {
  if (machine().shut_down && !shutdown_) {
    shutdown_ = ShutdownRecord{.code = *machine().shutdown_code, .at_ns = now_ns};
  }
  TRY(stop_and_resume());
  return pin_and_unpin();
}

Result<> SchedCommands::stop_and_resume() {
  Result<> all;
  for (std::uint32_t i = 0; i < vcpus(); ++i) {
    const auto until_ns = standstill(machine(), machine().vcpus[i]);
    if (until_ns == stands_[i]) {
      continue;
    }
    stands_[i] = until_ns;
    auto done = from_status(until_ns ? facet_.stop(i, *until_ns) : facet_.resume(i));
    if (!done && all) { // the others all the same
      all = std::unexpected(std::move(done).error().context("vCPU " + std::to_string(i)));
    }
  }
  return all;
}

Result<> SchedCommands::pin_and_unpin() {
  Result<> all;
  for (std::uint32_t i = 0; i < vcpus(); ++i) {
    const auto to = machine().vcpus[i].pinned_to;
    if (to == pinned_[i]) {
      continue;
    }
    pinned_[i] = to;
    auto done = from_status(to ? facet_.pin(i, *to) : facet_.unpin(i));
    if (!done && all) {
      all = std::unexpected(std::move(done).error().context("vCPU " + std::to_string(i)));
    }
  }
  return all;
}

std::string_view to_string(SchedCommandNumber command) noexcept {
  constexpr std::array<std::string_view, 8> kNames = {
      "yield",           "block",         "shutdown", "poll",
      "remote_shutdown", "shutdown_code", "watchdog", "pin_override"};
  const auto number = static_cast<std::size_t>(command);
  return number < kNames.size() ? kNames[number] : "unknown";
}

std::string_view shutdown_reason(std::uint8_t code) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"poweroff", "reboot",   "suspend",
                                                      "crash",    "watchdog", "soft_reset"};
  return code < kNames.size() ? kNames[code] : "reason";
}

} // namespace schedrig::engine
