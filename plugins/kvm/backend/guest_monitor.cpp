// SPDX-License-Identifier: MIT
// Events from output.
#include "backend/guest_monitor.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace schedrig::kvm {
namespace {

constexpr std::string_view kSeeConsole = "look at the machine's console lines";
constexpr std::string_view kUnfitKvm =
    "`schedrig doctor` tries what this machine's KVM can do; `schedrig lab run` brings a real one";

std::string_view name_of(VmEndKind kind) noexcept {
  switch (kind) {
  case VmEndKind::kPowerOff:
    return "powered off by the guest";
  case VmEndKind::kReset:
    return "reset by the guest";
  case VmEndKind::kTripleFault:
    return "triple fault";
  case VmEndKind::kKvmError:
    return "KVM cannot run the guest any further";
  case VmEndKind::kHostError:
    return "a device failed on the host";
  }
  return "ended";
}

} // namespace

std::string describe(const VmEnd& end) {
  std::array<char, 16> rip{};
  const auto written = std::to_chars(rip.data(), rip.data() + rip.size(), end.rip, 16);
  std::string text(name_of(end.kind));
  text += " (vcpu " + std::to_string(end.vcpu) + ", rip 0x" + std::string(rip.data(), written.ptr) +
          ", exit reason " + std::to_string(end.exit_reason) + ")";
  if (!end.detail.empty()) {
    text += ": " + end.detail;
  }
  return text;
}

void GuestMonitor::deliver(const GuestOutput& output) {
  console_.feed(output.console, [this](std::string_view line, LineKind kind) {
    emit(EventKind::kConsoleLine, line);
    noteworthy_ = true;
    if (kind == LineKind::kFatal) {
      fail_machine("console: " + std::string(line), kSeeConsole);
    } else if (kind == LineKind::kNotice) {
      emit(EventKind::kNotice, "console: " + std::string(line));
    }
  });
  if (output.console_bytes_lost > 0) {
    emit(EventKind::kNotice,
         std::to_string(output.console_bytes_lost) + " bytes of console output were lost");
  }
  for (const std::string& notice : output.notices) {
    emit(EventKind::kNotice, notice);
  }
  if (output.end) {
    on_end(*output.end);
  }
}

void GuestMonitor::on_end(const VmEnd& end) {
  ended_ = true;
  if (end_expected_ && end.kind == VmEndKind::kPowerOff) {
    return;
  }
  fail_machine(describe(end), end.kind == VmEndKind::kKvmError ? kUnfitKvm : kSeeConsole);
}

void GuestMonitor::fail_machine(std::string text, std::string_view help) {
  if (failure_) {
    emit(EventKind::kNotice, text); // the first reason is the cause, the rest its consequences
    return;
  }
  emit(EventKind::kMachineFailed, text);
  failure_ =
      Error{StatusCode::kGuestFailed, "the guest failed: " + std::move(text), std::string(help), 0};
}

void GuestMonitor::on_agent_log(const TextLine& line) {
  emit(EventKind::kConsoleLine, "schedrig-agent: " + line.text);
}

void GuestMonitor::on_agent_notice(std::string_view text) {
  emit(EventKind::kNotice, text);
}

void GuestMonitor::scheduler_exit(const SchedulerExit& exit) {
  const ExitKindInfo info = exit_kind_info(exit.kind);
  std::string text = std::string(exit.scheduler) + ": " + std::string(info.name) + " (" +
                     std::to_string(exit.kind) + "): " + std::string(exit.reason);
  if (!exit.message.empty()) {
    text += ": " + std::string(exit.message);
  }
  emit(EventKind::kSchedulerExit, text, exit.kind, &exit);
}

void GuestMonitor::boot_phase(std::string_view name, std::int64_t since_boot_ns) {
  emit(EventKind::kBootPhase, name, since_boot_ns);
}

void GuestMonitor::restart() {
  console_ = {};
  failure_.reset();
  ended_ = end_expected_ = noteworthy_ = false;
}

bool GuestMonitor::take_noteworthy() noexcept {
  return std::exchange(noteworthy_, false);
}

void GuestMonitor::emit(EventKind kind, std::string_view text, std::int64_t value,
                        const SchedulerExit* exit) {
  noteworthy_ = noteworthy_ || kind != EventKind::kConsoleLine;
  Event event;
  event.kind = kind;
  event.at_ns = exit == nullptr ? clock_.now_ns() : exit->at_ns;
  event.value = value;
  event.text = text;
  event.exit = exit;
  events_.on_event(event);
}

} // namespace schedrig::kvm
