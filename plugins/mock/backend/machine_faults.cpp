// SPDX-License-Identifier: MIT
// What goes wrong on demand at a moment of its own; faults of files are in machine_files.cpp.
#include <algorithm>
#include <string>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

void MockMachine::run_engine(Nanos until, const std::atomic<bool>& wake) {
  while (const Fault* fault = faults_.due(until - booted_at_)) {
    if (!run_events(std::max(engine_time(fault->at), engine_.now()), wake)) {
      return;
    }
    const Fault due = *fault;
    faults_.done();
    inflict(due);
  }
  if (!wake) {
    run_events(until, wake);
  }
}

void MockMachine::inflict(const Fault& fault) {
  switch (fault.kind) {
  case FaultKind::kMachineLost:
    state_ = State::kLost;
    emit(EventKind::kMachineFailed, 0, "lost, as [backend.mock] faults asks for");
    return;
  case FaultKind::kSchedulerExit:
    if (attached_.id.empty()) {
      emit(EventKind::kNotice, 0, "fault scheduler_exit: no scheduler is attached");
      return;
    }
    engine_.end_policy(fault.exit_kind, "ended, as [backend.mock] faults asks for");
    return;
  case FaultKind::kKillWorker: {
    std::uint32_t nth = 0;
    for (const auto& [pid, process] : processes_.all()) {
      const bool worker = process.task != kNoTask && !process.is_child && !process.zombie;
      if (worker && ++nth == fault.nth) {
        engine_.kill_task(process.task);
        return;
      }
    }
    emit(EventKind::kNotice, 0,
         "fault kill_worker: there is no worker " + std::to_string(fault.nth));
    return;
  }
  case FaultKind::kConsoleLine:
    emit(EventKind::kConsoleLine, 0, fault.text);
    return;
  case FaultKind::kFileWrite:
  case FaultKind::kSlowFiles:
  case FaultKind::kLateVcpu:
    return; // looked at by each file operation, and by each freeze window
  }
}

} // namespace schedrig::mock
