// SPDX-License-Identifier: MIT
// The watch facet over the VM. Thread: host thread. Errors: watch.hpp.
#pragma once

#include <schedrig/watch.hpp>

#include "backend/machine_clock.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmWatch final : public WatchFacet {
 public:
  // Both outlive it.
  VmWatch(Vm& vm, const MachineClock& clock) noexcept : vm_(vm), clock_(clock) {}

  Status arm(std::uint32_t slot, const WatchSpec& spec) noexcept override;
  Status disarm(std::uint32_t slot) noexcept override;
  Status hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink) noexcept override;

 private:
  Vm& vm_;
  const MachineClock& clock_;
};

} // namespace schedrig::kvm
