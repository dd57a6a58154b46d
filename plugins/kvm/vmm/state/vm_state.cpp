// SPDX-License-Identifier: MIT
#include "vm_state.hpp"

#include <x86intrin.h>

#include "../kvm_ioctl.hpp"

namespace schedrig::kvm {

Result<ClockState> read_clock(int vm_fd) {
  kvm_clock_data data{};
  const std::uint64_t before = __rdtsc();
  (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_GET_CLOCK, &data));
  const std::uint64_t after = __rdtsc();
  // KVM tells the TSC of that very moment where its clock counts the TSC; elsewhere the two calls
  // are microseconds apart.
  const bool exact = (data.flags & KVM_CLOCK_HOST_TSC) != 0;
  return ClockState{.ns = data.clock,
                    .host_tsc = exact ? data.host_tsc : before + (after - before) / 2};
}

Result<VmState> save_vm(int vm_fd, int any_vcpu_fd) {
  VmState state;
  state.tsc_khz = static_cast<std::uint32_t>(TRY(SCHEDRIG_KVM(any_vcpu_fd, KVM_GET_TSC_KHZ)));
  (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_GET_PIT2, &state.pit));
  for (std::uint32_t i = 0; i < kIrqchips; ++i) {
    state.irqchips[i].chip_id = i;
    (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_GET_IRQCHIP, &state.irqchips[i]));
  }
  state.clock = TRY(read_clock(vm_fd));
  return state;
}

Result<> restore_vm(int vm_fd, const VmState& state) {
  kvm_pit_state2 pit = state.pit;
  (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_SET_PIT2, &pit));
  for (kvm_irqchip chip : state.irqchips) {
    (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_SET_IRQCHIP, &chip));
  }
  return {};
}

namespace {

struct ClockStart {
  std::uint64_t host_tsc = 0; // now
  std::uint64_t ticks = 0;    // of the guest's TSC since its clock went on
};

Result<ClockStart> start_clock(int vm_fd, const ClockState& from, std::uint32_t tsc_khz) {
  kvm_clock_data data{};
  data.clock = from.ns; // no KVM_CLOCK_REALTIME, which would let the time in between pass
  (void)TRY(SCHEDRIG_KVM(vm_fd, KVM_SET_CLOCK, &data));
  const ClockState now = TRY(read_clock(vm_fd));
  // What the guest's clock has gone on since, its TSC must have, too.
  const auto since_ns = static_cast<std::int64_t>(now.ns - from.ns);
  return ClockStart{.host_tsc = now.host_tsc,
                    .ticks = static_cast<std::uint64_t>(
                        since_ns * static_cast<std::int64_t>(tsc_khz) / 1'000'000)};
}

} // namespace

Result<> restore_clock(int vm_fd, const std::vector<int>& vcpu_fds, const VmState& state) {
  const ClockStart start = TRY(start_clock(vm_fd, state.clock, state.tsc_khz));
  for (std::size_t i = 0; i < vcpu_fds.size(); ++i) {
    const VcpuState& vcpu = state.vcpus[i];
    const std::uint64_t guest_tsc = state.clock.host_tsc + vcpu.tsc_offset + start.ticks;
    TRY(restore_tsc(vcpu_fds[i], guest_tsc, start.host_tsc, vcpu.tsc_deadline));
  }
  return {};
}

Result<> continue_clock(int vm_fd, std::span<const int> vcpu_fds, const ClockState& from,
                        std::uint32_t tsc_khz) {
  const ClockStart start = TRY(start_clock(vm_fd, from, tsc_khz));
  const std::uint64_t stood = start.host_tsc - from.host_tsc - start.ticks;
  for (const int fd : vcpu_fds) {
    TRY(turn_tsc_back(fd, stood));
  }
  return {};
}

} // namespace schedrig::kvm
