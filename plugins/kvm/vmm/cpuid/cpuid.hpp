// SPDX-License-Identifier: MIT
// CPUID of one vCPU: what this host's KVM supports, with identity, topology and caches replaced.
//
// Sources: Intel SDM vol. 2A, CPUID (leaves 1, 2, 4, 0xB, 0x1F); AMD APM vol. 3, appendix E
// (0x80000001, 0x80000008, 0x8000001D, 0x8000001E). Cache sizes and sharing are ours, never the
// host's: the guest's topology depends on the config alone.
// Thread: any (pure).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <linux/kvm.h>

#include "../apic_layout.hpp"
#include "vendor.hpp"

namespace schedrig::kvm {

using CpuidLeaves = std::vector<kvm_cpuid_entry2>;

// The vendor in leaf 0; Hygon and anything unknown with AMD's extended leaves count as AMD.
[[nodiscard]] CpuVendor vendor_of(std::span<const kvm_cpuid_entry2> supported) noexcept;

// `supported` is KVM_GET_SUPPORTED_CPUID's answer. Requires cpu < layout.apic_ids.size().
[[nodiscard]] CpuidLeaves build_cpuid(std::span<const kvm_cpuid_entry2> supported,
                                      const ApicLayout& layout, std::uint32_t cpu,
                                      CpuVendor vendor);

// One level of cache as leaf 4 and leaf 0x8000001D describe it.
struct CacheLevel {
  std::uint32_t type = 0; // 1 data, 2 instruction, 3 unified
  std::uint32_t level = 0;
  std::uint32_t ways = 0;
  std::uint32_t sets = 0;
  std::uint32_t sharing_shift = 0; // CPUs whose APIC ids agree above this bit share it
};

// L1d 32 KiB, L1i 32 KiB, L2 1 MiB per core, L3 16 MiB per LLC: of the order of current servers.
[[nodiscard]] std::vector<CacheLevel> cache_levels(const ApicLayout& layout);

// Helpers for the vendor files.
[[nodiscard]] kvm_cpuid_entry2* find_leaf(CpuidLeaves& leaves, std::uint32_t function,
                                          std::uint32_t index = 0) noexcept;
kvm_cpuid_entry2& set_leaf(CpuidLeaves& leaves, const kvm_cpuid_entry2& leaf);
void remove_leaf(CpuidLeaves& leaves, std::uint32_t function);
// Leaf `function` (0xB or 0x1F): thread level, core level, terminator.
void set_extended_topology(CpuidLeaves& leaves, std::uint32_t function, const ApicLayout& layout,
                           std::uint32_t cpu);

void apply_intel(CpuidLeaves& leaves, const ApicLayout& layout, std::uint32_t cpu, bool foreign);
void apply_amd(CpuidLeaves& leaves, const ApicLayout& layout, std::uint32_t cpu, bool foreign);

} // namespace schedrig::kvm
