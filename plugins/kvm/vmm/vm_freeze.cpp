// SPDX-License-Identifier: MIT
// The freeze rendezvous: every vCPU and the device thread stand still, or all go on.
#include <algorithm>

#include "kvm_ioctl.hpp"
#include "state/vcpu_registers.hpp"
#include "state/vm_state.hpp"
#include "vm_impl.hpp"

namespace schedrig::kvm {

using std::chrono::steady_clock;

Result<> Vm::Impl::freeze(std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  if (!started_ || frozen_) {
    return fail(StatusCode::kInvalidArgument, started_ ? "freeze: the machine stands still already"
                                                       : "freeze: the machine does not run");
  }
  return stand_still(timeout);
}

Result<> Vm::Impl::stand_still(std::chrono::milliseconds timeout) {
  stop_.called = steady_clock::now();
  const Deadline deadline = stop_.called + timeout;
  std::string late;
  // vCPUs first: what they have handed to the devices is worked off, or stays in their queues.
  if (const auto vcpu = stop_vcpus(deadline)) {
    late = "vCPU " + std::to_string(*vcpu);
  } else if (!board_.freeze(deadline)) {
    late = "the device thread";
  }
  if (late.empty() && !lifecycle_.over()) {
    stop_.stood = steady_clock::now();
    stop_.clock = read_clock(system_.vm_fd());
    frozen_ = true;
    return {};
  }
  held_ = false;
  board_.thaw();
  gate_.open();
  if (lifecycle_.over()) {
    return fail(StatusCode::kGuestFailed, "freeze: the guest does not run");
  }
  return fail(StatusCode::kTimeout, "freeze: " + late + " did not stand still within " +
                                        std::to_string(timeout.count()) +
                                        " ms; the machine goes on");
}

// A KVM that cannot set its guests' clocks is none to fail with: the guest sees a stall then, which
// its watchdogs forgive.
bool Vm::Impl::continue_guest_clock() {
  std::vector<int> fds;
  for (const auto& vcpu : vcpus_) {
    fds.push_back(vcpu->fd());
  }
  const auto khz = SCHEDRIG_KVM(fds.front(), KVM_GET_TSC_KHZ);
  return stop_.clock && khz &&
         continue_clock(system_.vm_fd(), fds, *stop_.clock, static_cast<std::uint32_t>(*khz))
             .has_value();
}

Result<Pause> Vm::Impl::thaw() {
  const std::lock_guard lock(control_mutex_);
  if (!frozen_) {
    return fail(StatusCode::kInvalidArgument, "thaw: the machine was not frozen");
  }
  frozen_ = false;
  Pause pause{};
  // One that has not run yet has stood since before.
  pause.exits = std::max(gate_.stood_at() - stop_.called, steady_clock::duration::zero());
  pause.clock = steady_clock::now() - stop_.stood;
  pause.guest_clock_stood = continue_guest_clock();
  for (const auto& vcpu : vcpus_) {
    vcpu->tell_of_pause();
  }
  board_.thaw();
  gate_.postpone(pause.clock); // who is held for a time is held for the guest's
  if (!held_) {
    gate_.open();
  }
  pause.whole = steady_clock::now() - stop_.called;
  return pause;
}

void Vm::Impl::come_late(std::chrono::nanoseconds by) const {
  constexpr auto kLook = std::chrono::milliseconds(1);
  const auto until = steady_clock::now() + by;
  while (steady_clock::now() < until && gate_.is_shut() && !lifecycle_.over()) {
    std::this_thread::sleep_for(kLook);
  }
}

Result<VcpuRegisters> Vm::Impl::registers(std::uint32_t vcpu) {
  const std::lock_guard lock(control_mutex_);
  if (!frozen_ || vcpu >= vcpus_.size()) {
    return fail(StatusCode::kInvalidArgument,
                frozen_ ? "registers: there is no vCPU " + std::to_string(vcpu)
                        : "registers: the machine does not stand still");
  }
  return read_registers(vcpus_[vcpu]->fd());
}

Result<> Vm::freeze(std::chrono::milliseconds timeout) {
  return impl_->freeze(timeout);
}
Result<Pause> Vm::thaw() {
  return impl_->thaw();
}
Result<VcpuRegisters> Vm::registers(std::uint32_t vcpu) const {
  return impl_->registers(vcpu);
}
std::uint32_t Vm::vcpu_count() const noexcept {
  return static_cast<std::uint32_t>(impl_->vcpus_.size());
}
void Vm::make_late(std::uint32_t vcpu, std::chrono::nanoseconds by) {
  impl_->late_ = Impl::Late{.vcpu = vcpu, .by = by};
}

} // namespace schedrig::kvm
