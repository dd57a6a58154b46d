// SPDX-License-Identifier: MIT
#include "plugins/mock/work/payload_tasks.hpp"

namespace schedrig::mock {

void PayloadTasks::add(TaskId id, const Execution& execution) {
  running_[id] = {.runs_ns = execution.runs_ns,
                  .sleeps_ns = execution.sleeps_ns,
                  .cycles = execution.cycles,
                  .exit_code = execution.exit_code};
}

Action PayloadTasks::next_action(TaskId id, const Task& /*task*/, Nanos /*now*/) noexcept {
  Running& program = running_.find(id)->second;
  if (program.next == Phase::kExec) {
    program.next = Phase::kRun;
    return {.kind = ActionKind::kOverhead, .ns = kExecNs};
  }
  while (program.cycles > 0) {
    if (program.next == Phase::kRun) {
      program.next = Phase::kSleep;
      if (program.runs_ns > 0) {
        return {.kind = ActionKind::kCompute, .ns = program.runs_ns};
      }
    }
    program.next = Phase::kRun;
    --program.cycles;
    if (program.sleeps_ns > 0) {
      return {.kind = ActionKind::kSleep, .ns = program.sleeps_ns};
    }
    if (program.runs_ns == 0) {
      break; // cycles of nothing take no time
    }
  }
  return {.kind = ActionKind::kExit, .value = program.exit_code};
}

} // namespace schedrig::mock
