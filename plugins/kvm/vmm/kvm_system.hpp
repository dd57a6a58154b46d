// SPDX-License-Identifier: MIT
// KvmSystem: the KVM device and one VM on it: capabilities, memory slot, irqchip, PIT.
//
// Errors: every refused ioctl by name; kUnsupported for a capability that is missing.
// Thread: before vCPUs run. Ownership: both fds; the guest's memory stays the caller's.
#pragma once

#include <string>
#include <vector>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "guest_memory.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

class KvmSystem {
 public:
  // Opens the device, checks what the VMM relies on, and creates the VM with its RAM as slot 0.
  [[nodiscard]] Result<> create(const std::string& device, const GuestMemory& memory);

  [[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> supported_cpuid() const;
  [[nodiscard]] Result<std::size_t> run_bytes() const;
  [[nodiscard]] int vm_fd() const noexcept { return vm_.get(); }

 private:
  UniqueFd kvm_;
  UniqueFd vm_;
};

} // namespace schedrig::kvm
