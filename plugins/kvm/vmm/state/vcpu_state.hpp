// SPDX-License-Identifier: MIT
// VcpuState: everything that KVM keeps of one vCPU, as plain structs of its ABI, and the two orders
// of calls that read and set it. Knows no file.
//
// Each order has its reasons (Linux 6.18, Documentation/virt/kvm/api.rst and arch/x86/kvm/x86.c),
// given at each call in vcpu_state.cpp. Not kept: the banks of machine checks, and CPUs that are
// inside a nested guest. Thread: any, while no vCPU of the machine runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

namespace schedrig::kvm {

struct VcpuState {
  std::uint32_t apic_id = 0;
  std::vector<kvm_cpuid_entry2> cpuid; // as it was set, not as the guest's CR4 changes it
  kvm_mp_state mp_state{};
  kvm_regs regs{};
  kvm_sregs sregs{};
  std::vector<std::byte> xsave; // as long as the VM's KVM_CAP_XSAVE2 says
  kvm_xcrs xcrs{};
  kvm_debugregs debug{};
  kvm_lapic_state lapic{};
  std::vector<kvm_msr_entry> msrs; // without the two that follow
  std::uint64_t tsc_offset = 0;    // guest TSC - host TSC
  std::uint64_t tsc_deadline = 0;  // guest TSC of the next timer interrupt; 0: none, or just due
  kvm_vcpu_events events{};
};

// `msrs`: saved_msrs(). Leaves apic_id and cpuid alone. Errors: each refused call by name.
[[nodiscard]] Result<VcpuState> save_vcpu(int vcpu_fd, std::size_t xsave_bytes,
                                          const std::vector<std::uint32_t>& msrs);

// Everything but the clock. Requires a vCPU with the state's CPUID. kUnsupported: an MSR that this
// host refuses and that has another value there.
[[nodiscard]] Result<> restore_vcpu(int vcpu_fd, const VcpuState& state);

// The TSC, and only then its deadline, which KVM compares with it at once. `host_tsc` is now.
[[nodiscard]] Result<> restore_tsc(int vcpu_fd, std::uint64_t guest_tsc, std::uint64_t host_tsc,
                                   std::uint64_t deadline);

// The TSC counts that many ticks less from now on; its deadline moves along with it. kUnsupported:
// this KVM's guests read the host's TSC.
[[nodiscard]] Result<> turn_tsc_back(int vcpu_fd, std::uint64_t ticks);

// Of `indices` those that can be read.
[[nodiscard]] Result<std::vector<kvm_msr_entry>>
read_msrs(int vcpu_fd, const std::vector<std::uint32_t>& indices);

// What this KVM can save of MSRs: its own list and its paravirtual range.
[[nodiscard]] Result<std::vector<std::uint32_t>> saved_msrs(int kvm_fd);

// The state's size of the VM's vCPUs.
[[nodiscard]] Result<std::size_t> xsave_bytes(int vm_fd);

} // namespace schedrig::kvm
