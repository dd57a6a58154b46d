// SPDX-License-Identifier: MIT
// SchedCommands: the scheduling commands of one run (schedrig/sched_op.hpp) on its machine. The
// dispatcher says who waits, who is bound where and what is shut down; what has changed is then
// done to the machine by its facet. Thread: host. Does not own the facet. Times: the machine's
// clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/sched_op.hpp>
#include <schedrig/vcpu_control.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// The submission that a program has asked by.
struct ProgramCall {
  std::uint64_t user_data = 0;
  std::uint16_t flags = 0;
};
// A command of a program that waited, and what it returns.
struct ProgramReply {
  ProgramCall call;
  std::int64_t value = 0;
};

class SchedCommands {
 public:
  // Who asks: the scenario, or a program.
  struct Caller {
    std::uint32_t vcpu = 0; // one that the machine has
    std::int64_t now_ns = 0;
    std::optional<ProgramCall> program;
  };

  SchedCommands(VcpuControlFacet& facet, std::uint32_t vcpus);

  [[nodiscard]] std::uint32_t vcpus() const { return static_cast<std::uint32_t>(stands_.size()); }
  [[nodiscard]] std::uint32_t physical_cpus() const { return machine().pcpus; }

  // The argument lies at `argument` of `memory`. The outcome's value is -errno of a command that
  // was refused; an error is one of the machine, which could not do it.
  Result<SchedOutcome> carry_out(const Caller& caller, SchedCommandNumber command,
                                 SchedArguments& memory, std::uint64_t argument);
  // As sched_op.hpp: false for a port that there is not.
  Result<bool> raise(std::uint32_t vcpu, std::uint32_t port, std::int64_t now_ns);

  // Ends what is over by now.
  Result<> time_passes(std::int64_t now_ns);
  // When that has something to do next; INT64_MAX: never.
  [[nodiscard]] std::int64_t next_deadline_ns() const;

  // Its vCPUs stand still for good; of a machine that is taken apart, no longer.
  [[nodiscard]] bool is_shut_down() const { return machine().shut_down; }
  // What a run that needs the machine then ends with.
  [[nodiscard]] Error shutdown_error() const;
  // Whether it was meant to end so: not by a crash or a watchdog.
  [[nodiscard]] bool ended_well() const;

  // Lets all vCPUs run, whatever they wait for and whatever was shut down, so that the machine can
  // be taken apart.
  Result<> release(std::int64_t now_ns);
  // Undoes every pin_override.
  Result<> unpin_all();

  // Programs' commands that have returned since this was last asked.
  [[nodiscard]] std::vector<ProgramReply> take_replies();

  // Once and for all: a machine that is released stays in it.
  [[nodiscard]] const std::optional<ShutdownRecord>& shutdown() const { return shutdown_; }
  [[nodiscard]] const std::vector<SchedCommandRecord>& records() const { return records_; }

 private:
  // A command of a vCPU that has not returned yet.
  struct Waiting {
    std::optional<ProgramCall> program;
    std::optional<std::size_t> record;
  };

  [[nodiscard]] const SchedMachine& machine() const { return machines_.front(); }
  void note(const Caller& caller, SchedCommandNumber command, const SchedOutcome& outcome);
  void note_wakes(const std::vector<SchedWake>& wakes, std::int64_t now_ns);
  // Makes the machine what the dispatcher's state says.
  Result<> follow(std::int64_t now_ns);
  Result<> stop_and_resume();
  Result<> pin_and_unpin();

  VcpuControlFacet& facet_;
  SchedMachines machines_;
  // What was done to the machine: until when a vCPU stands still, and where it is pinned.
  std::vector<std::optional<std::int64_t>> stands_;
  std::vector<std::optional<std::uint32_t>> pinned_;
  std::vector<std::optional<Waiting>> waiting_; // by vCPU
  std::vector<ProgramReply> replies_;
  std::vector<SchedCommandRecord> records_;
  std::optional<ShutdownRecord> shutdown_;
};

// "yield", "block", ... as in a scenario.
[[nodiscard]] std::string_view to_string(SchedCommandNumber command) noexcept;
// "poweroff", "watchdog", ...; "reason" for others than the six.
[[nodiscard]] std::string_view shutdown_reason(std::uint8_t code) noexcept;

} // namespace schedrig::engine
