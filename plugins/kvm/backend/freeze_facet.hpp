// SPDX-License-Identifier: MIT
// Freeze windows of a machine: its VM stands still, and its clocks with it, the guest's own too
// where KVM allows it. Thread: host thread. Errors: freeze.hpp.
#pragma once

#include <chrono>

#include <schedrig/freeze.hpp>

#include "backend/agent_link.hpp"
#include "backend/machine_clock.hpp"
#include "backend/vm_channel.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmFreezer final : public FreezeFacet {
 public:
  // All outlive it.
  VmFreezer(Vm& vm, MachineClock& clock, VmChannel& channel, AgentLink& link) noexcept
      : vm_(vm), clock_(clock), channel_(channel), link_(link) {}

  [[nodiscard]] Result<> stop(std::chrono::nanoseconds timeout);
  [[nodiscard]] Result<Pause> go_on();

  Status freeze(std::int64_t timeout_ns) noexcept override;
  Status thaw(std::int64_t* frozen_ns) noexcept override;

  // Whether every window's time was kept from the guest.
  [[nodiscard]] bool guest_clock_stood() const noexcept { return guest_clock_stood_; }

 private:
  Vm& vm_;
  MachineClock& clock_;
  VmChannel& channel_;
  AgentLink& link_;
  bool guest_clock_stood_ = true;
};

} // namespace schedrig::kvm
