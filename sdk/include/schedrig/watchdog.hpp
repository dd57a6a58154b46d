// SPDX-License-Identifier: MIT
// What a machine with a real kernel has for the control of sched_ext's watchdog, which ends a
// scheduler that leaves a runnable task waiting. The host finds and sets the kernel's variables
// itself. Source: scx_watchdog_workfn(), check_rq_for_timeouts(), kernel/sched/ext.c, Linux 6.16
// to 7.0.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

class WatchdogFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.watchdog/1";

  // [host-thread] The most that a runnable task may wait, in the machine's own time, whatever its
  // scheduler asks for; ns. 0: nobody has said.
  virtual std::int64_t timeout_ns() noexcept = 0;

  // [host-thread] For how long a vCPU would have run since it was started, had the host had a CPU
  // for it: the run delay of its thread in /proc/PID/schedstat
  // (Documentation/scheduler/sched-stats.rst), ns. Never less than before. kInvalidArgument: there
  // is no such vCPU; kUnsupported: this host's kernel does not count it.
  virtual Status stolen(std::uint32_t vcpu, std::int64_t* ns) noexcept = 0;

 protected:
  ~WatchdogFacet() = default;
};

} // namespace schedrig
