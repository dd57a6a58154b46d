// SPDX-License-Identifier: MIT
// SchedulerLaunch: what a scheduler plugin says is to be started, as a program with arguments and
// files. Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/sched_ext_program.hpp>

namespace schedrig::kvm {

struct SchedulerLaunch {
  std::string binary;
  std::vector<std::string> args;
  std::vector<std::string> files;
  bool own_loader = false; // it reports in the lines of schedrig-scx
};

// loader: path of schedrig-scx on this host. watchdog_ns: the longest timeout that it gives a
// scheduler's watchdog; 0: what the scheduler asks for. kInvalidArgument: the plugin names neither
// an object nor a program, or both; kNotFound: there is no such object.
[[nodiscard]] Result<SchedulerLaunch> scheduler_launch(SchedExtProgram& program, ParamsView params,
                                                       const std::string& loader,
                                                       std::int64_t watchdog_ns = 0);

} // namespace schedrig::kvm
