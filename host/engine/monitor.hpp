// SPDX-License-Identifier: MIT
// Monitor: looks at the run queues from outside, at intervals, while the machine runs: nobody stops
// and nothing in the machine notices. What it reads may be in the middle of a change; a sample that
// makes no sense is counted and left out. Thread: host.
#pragma once

#include <cstdint>
#include <optional>

#include <schedrig/scenario.hpp>

#include "host/engine/monitor_checks.hpp"

namespace schedrig::engine {

class KernelViewTargets;

// Whether a check that is on has nothing to judge without one; work_conservation apart.
[[nodiscard]] bool needs_monitor(const ChecksConfig& checks);
// From one sample to the next: as [observe] monitor has it, else what the check work_conservation
// takes. Nothing: nobody needs a monitor.
[[nodiscard]] std::optional<std::int64_t> monitor_period(const Scenario& scenario);

class Monitor {
 public:
  // All outlive it. The first sample is due one period after `start_ns`.
  Monitor(KernelViewTargets& kernel, const ChecksConfig& checks, std::int64_t period_ns,
          std::int64_t start_ns, RunReport& report);

  [[nodiscard]] std::int64_t next_ns() const { return next_ns_; }
  // Takes a sample. Those that were missed meanwhile are not made up for.
  void look(std::int64_t now_ns);

  [[nodiscard]] std::vector<CheckRecord> records() const { return checks_.records(); }

 private:
  [[nodiscard]] Result<MonitorReading> read(std::int64_t now_ns);

  KernelViewTargets& kernel_;
  RunReport& report_;
  MonitorChecks checks_;
  std::int64_t period_ns_;
  std::int64_t next_ns_;
};

} // namespace schedrig::engine
