// SPDX-License-Identifier: MIT
// The stop watch facet over the VM: the vCPU that wrote shuts the machine's gate behind itself, and
// the host thread, where it next looks for output, takes the machine over. Thread: host thread.
// Errors: stop_watch.hpp.
#pragma once

#include <schedrig/stop_watch.hpp>

#include "backend/freeze_facet.hpp"
#include "backend/machine_clock.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmStopWatch final : public StopWatchFacet {
 public:
  // All outlive it.
  VmStopWatch(Vm& vm, VmFreezer& freezer, const MachineClock& clock) noexcept
      : vm_(vm), freezer_(freezer), clock_(clock) {}

  Status arm(const WatchSpec& spec, StopSink& sink) noexcept override;
  Status disarm() noexcept override;

  // Whenever output was taken: lets the sink look at a machine that is held.
  void look();

 private:
  Vm& vm_;
  VmFreezer& freezer_;
  const MachineClock& clock_;
  StopSink* sink_ = nullptr; // null: not armed, or the machine was stopped
  bool armed_ = false;
};

} // namespace schedrig::kvm
