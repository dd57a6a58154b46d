// SPDX-License-Identifier: MIT
// RunObserver: who wants to see a run while it goes on (console, event file, tests). Called on the
// host thread, in the order in which the engine learns of things; must return quickly. What is
// passed is valid during the call only.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/backend.hpp>

#include "host/engine/kernel_log.hpp"
#include "host/engine/run_report.hpp"

namespace schedrig::engine {

class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // Before anything is done; what the run is known to be so far: name, config, backend, ...
  virtual void on_run(const RunReport& /*report*/) {}
  virtual void on_phase(std::string_view /*phase*/, std::int64_t /*at_ns*/) {}
  // The steps from 1 on; the backdrop's ops come before the first.
  virtual void on_step(std::uint32_t /*number*/, std::uint32_t /*of*/, const StepRecord& /*step*/) {
  }
  // Torn down. The backdrop, number 0, ends last.
  virtual void on_step_end(std::uint32_t /*number*/, const StepRecord& /*step*/) {}
  virtual void on_op(const OpRecord& /*op*/) {}
  // Over; the ops that were done in it are told next.
  virtual void on_freeze_window(const FreezeWindowRecord& /*window*/) {}
  // Progress of a hold; called at its start, at most every 100 ms of machine time, at its end.
  virtual void on_hold(std::int64_t /*start_ns*/, std::int64_t /*elapsed_ns*/,
                       std::int64_t /*total_ns*/) {}
  virtual void on_machine_event(const Event& /*event*/) {}
  // A scheduler came or went; an exit also was a machine event, before it was judged.
  virtual void on_scheduler_event(const SchedulerEvent& /*event*/) {}
  // A console line that begins a complaint of the kernel's; it also was a machine event.
  virtual void on_kernel_complaint(const KernelComplaint& /*complaint*/) {}
  virtual void on_payload_start(const PayloadRecord& /*payload*/) {} // without what only an end has
  virtual void on_payload_end(const PayloadRecord& /*payload*/) {}
  // The run is judged; also where it was refused.
  virtual void on_end(const RunReport& /*report*/) {}
};

} // namespace schedrig::engine
