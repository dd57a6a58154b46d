// SPDX-License-Identifier: MIT
// Reading and setting what KVM keeps of a VM beside its vCPUs. Errors: each refused call by name.
// Thread: any, while no vCPU of the machine runs.
#pragma once

#include <span>

#include "machine_state.hpp"

namespace schedrig::kvm {

// vcpus is left empty.
[[nodiscard]] Result<VmState> save_vm(int vm_fd, int any_vcpu_fd);

// Interrupt controllers and timers; after the vCPUs' state.
[[nodiscard]] Result<> restore_vm(int vm_fd, const VmState& state);

// The guest's clock goes on from where it stood: the time in between did not pass. Then each
// vCPU's TSC and its deadline, in the order of state.vcpus. The last call before vCPUs run.
[[nodiscard]] Result<> restore_clock(int vm_fd, const std::vector<int>& vcpu_fds,
                                     const VmState& state);

// What the guest's clock reads.
[[nodiscard]] Result<ClockState> read_clock(int vm_fd);

// The guest's clock goes on from where it was read, as restore_clock does it, and each vCPU's TSC
// with it; nothing else has changed in between. The last call before vCPUs run.
[[nodiscard]] Result<> continue_clock(int vm_fd, std::span<const int> vcpu_fds,
                                      const ClockState& from, std::uint32_t tsc_khz);

} // namespace schedrig::kvm
