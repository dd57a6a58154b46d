// SPDX-License-Identifier: MIT
// GuestMonitor: turns what a guest put out into events of the host, and knows whether the guest is
// still alive. Thread: host thread, from inside calls to the machine.
#pragma once

#include <optional>
#include <string>

#include <schedrig/backend.hpp>
#include <schedrig/result.hpp>

#include "backend/agent_link.hpp"
#include "backend/console_watch.hpp"
#include "backend/guest_feed.hpp"
#include "backend/machine_clock.hpp"

namespace schedrig::kvm {

class GuestMonitor final : public AgentLines {
 public:
  // Both must outlive the monitor.
  GuestMonitor(EventSink& events, const MachineClock& clock) noexcept
      : events_(events), clock_(clock) {}

  // Delivers console lines, notices and the end; control bytes are the caller's.
  void deliver(const GuestOutput& output);
  void on_agent_log(const TextLine& line) override;
  void on_agent_notice(std::string_view text) override;
  void scheduler_exit(const SchedulerExit& exit);
  void boot_phase(std::string_view name, std::int64_t since_boot_ns);

  // The guest is another one, of which nothing has been heard.
  void restart();

  // A power-off is what was asked for from here on, no failure.
  void expect_end() noexcept { end_expected_ = true; }

  // Why the machine can only be shut down; nothing while it is well.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] const ConsoleWatch& console() const noexcept { return console_; }

  // Whether an event other than the agent's log was delivered since the last call: the host judges
  // console lines, and a guest that runs prints few.
  [[nodiscard]] bool take_noteworthy() noexcept;

 private:
  void emit(EventKind kind, std::string_view text, std::int64_t value = 0,
            const SchedulerExit* exit = nullptr);
  void on_end(const VmEnd& end);
  void fail_machine(std::string text, std::string_view help);

  EventSink& events_;
  const MachineClock& clock_;
  ConsoleWatch console_;
  std::optional<Error> failure_;
  bool ended_ = false;
  bool end_expected_ = false;
  bool noteworthy_ = false;
};

// "reset by the guest (vcpu 0, rip 0x..., exit reason 6): detail"
[[nodiscard]] std::string describe(const VmEnd& end);

} // namespace schedrig::kvm
