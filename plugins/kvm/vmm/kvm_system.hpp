// SPDX-License-Identifier: MIT
// KvmSystem: the KVM device and one VM on it: capabilities, memory slot, irqchip, PIT.
//
// Errors: every refused ioctl by name; kUnsupported for a capability that is missing.
// Thread: before vCPUs run. Ownership: both fds; the guest's memory stays the caller's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "guest_memory.hpp"
#include "memory_slots.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

class KvmSystem {
 public:
  // Opens the device, checks what the VMM relies on, and creates the VM with its RAM
  // (memory_slots.hpp).
  [[nodiscard]] Result<> create(const std::string& device, const GuestMemory& memory,
                                std::span<const MemoryRegion> regions = {});

  // Which vCPU starts by itself. Before the first vCPU is made.
  [[nodiscard]] Result<> set_boot_cpu(std::uint32_t apic_id) const;
  [[nodiscard]] Result<std::size_t> run_bytes() const;
  [[nodiscard]] const std::vector<RegionCache>& region_caches() const noexcept { return caches_; }
  [[nodiscard]] int kvm_fd() const noexcept { return kvm_.get(); }
  [[nodiscard]] int vm_fd() const noexcept { return vm_.get(); }

 private:
  UniqueFd kvm_;
  UniqueFd vm_;
  std::vector<RegionCache> caches_;
};

// What guests of this host can be given.
[[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> supported_cpuid(int kvm_fd);

} // namespace schedrig::kvm
