// SPDX-License-Identifier: MIT
// What both vendors share: identity, APIC ids, hypervisor leaves.
#include "cpuid.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <asm/kvm_para.h>

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kHypervisorLeaf = 0x40000000;
constexpr std::uint32_t kKvmFeaturesLeaf = 0x40000001;

void set_vendor_string(kvm_cpuid_entry2& leaf, CpuVendor vendor) {
  const std::string_view text = vendor == CpuVendor::kIntel ? "GenuineIntel" : "AuthenticAMD";
  std::memcpy(&leaf.ebx, text.data(), 4);
  std::memcpy(&leaf.edx, text.data() + 4, 4);
  std::memcpy(&leaf.ecx, text.data() + 8, 4);
}

void set_leaf_1(kvm_cpuid_entry2& leaf, const ApicLayout& layout, std::uint32_t cpu) {
  constexpr std::uint32_t kX2Apic = 1U << 21;
  // The timer needs no calibration against a PIT that hardware-reduced ACPI does not promise; KVM
  // emulates it with the in-kernel APIC whatever the host CPU has.
  constexpr std::uint32_t kTscDeadline = 1U << 24;
  constexpr std::uint32_t kHypervisor = 1U << 31;
  constexpr std::uint32_t kHyperThreading = 1U << 28; // EDX: EBX[23:16] is valid
  const std::uint32_t package_ids = 1U << layout.package_shift;
  leaf.ebx =
      (leaf.ebx & 0x0000ffffU) | std::min(package_ids, 255U) << 16U | layout.apic_ids[cpu] << 24U;
  leaf.ecx |= kX2Apic | kTscDeadline | kHypervisor;
  leaf.edx =
      layout.max_cpus_per_package > 1 ? leaf.edx | kHyperThreading : leaf.edx & ~kHyperThreading;
}

} // namespace

CpuVendor vendor_of(std::span<const kvm_cpuid_entry2> supported) noexcept {
  for (const kvm_cpuid_entry2& leaf : supported) {
    if (leaf.function == 0) {
      return std::memcmp(&leaf.ebx, "Genu", 4) == 0 ? CpuVendor::kIntel : CpuVendor::kAmd;
    }
  }
  return CpuVendor::kAmd;
}

kvm_cpuid_entry2* find_leaf(CpuidLeaves& leaves, std::uint32_t function,
                            std::uint32_t index) noexcept {
  const auto found = std::ranges::find_if(leaves, [&](const kvm_cpuid_entry2& leaf) {
    return leaf.function == function && leaf.index == index;
  });
  return found == leaves.end() ? nullptr : &*found;
}

kvm_cpuid_entry2& set_leaf(CpuidLeaves& leaves, const kvm_cpuid_entry2& leaf) {
  if (kvm_cpuid_entry2* old = find_leaf(leaves, leaf.function, leaf.index); old != nullptr) {
    *old = leaf;
    return *old;
  }
  return leaves.emplace_back(leaf);
}

void remove_leaf(CpuidLeaves& leaves, std::uint32_t function) {
  std::erase_if(leaves, [&](const kvm_cpuid_entry2& leaf) { return leaf.function == function; });
}

std::vector<CacheLevel> cache_levels(const ApicLayout& layout) {
  return {
      {.type = 1, .level = 1, .ways = 8, .sets = 64, .sharing_shift = layout.thread_bits},
      {.type = 2, .level = 1, .ways = 8, .sets = 64, .sharing_shift = layout.thread_bits},
      {.type = 3, .level = 2, .ways = 8, .sets = 2048, .sharing_shift = layout.thread_bits},
      {.type = 3, .level = 3, .ways = 16, .sets = 16384, .sharing_shift = layout.llc_shift},
  };
}

void set_extended_topology(CpuidLeaves& leaves, std::uint32_t function, const ApicLayout& layout,
                           std::uint32_t cpu) {
  constexpr std::uint32_t kThreadLevel = 1;
  constexpr std::uint32_t kCoreLevel = 2;
  remove_leaf(leaves, function);
  kvm_cpuid_entry2 leaf{};
  leaf.function = function;
  leaf.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  leaf.edx = layout.apic_ids[cpu]; // in every sub-leaf
  leaf.index = 0;
  leaf.eax = layout.thread_bits;
  leaf.ebx = layout.threads_per_core;
  leaf.ecx = kThreadLevel << 8U;
  set_leaf(leaves, leaf);
  leaf.index = 1;
  leaf.eax = layout.package_shift;
  leaf.ebx = layout.max_cpus_per_package;
  leaf.ecx = kCoreLevel << 8U | 1U;
  set_leaf(leaves, leaf);
  leaf.index = 2;
  leaf.eax = 0;
  leaf.ebx = 0;
  leaf.ecx = 2; // level type 0: no more levels
  set_leaf(leaves, leaf);
}

CpuidLeaves build_cpuid(std::span<const kvm_cpuid_entry2> supported, const ApicLayout& layout,
                        std::uint32_t cpu, CpuVendor vendor) {
  CpuidLeaves leaves(supported.begin(), supported.end());
  const bool foreign = vendor_of(supported) != vendor;
  for (const std::uint32_t function : {0U, 0x80000000U}) {
    if (kvm_cpuid_entry2* leaf = find_leaf(leaves, function); leaf != nullptr) {
      set_vendor_string(*leaf, vendor);
    }
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 1); leaf != nullptr) {
    set_leaf_1(*leaf, layout, cpu);
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, kHypervisorLeaf); leaf != nullptr) {
    leaf->eax = kKvmFeaturesLeaf;
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, kKvmFeaturesLeaf); leaf != nullptr) {
    // Asynchronous page faults let the guest switch tasks while the host fetches a page: a
    // scheduling event that the scheduler under test did not cause.
    leaf->eax &= ~(1U << KVM_FEATURE_ASYNC_PF | 1U << KVM_FEATURE_ASYNC_PF_VMEXIT |
                   1U << KVM_FEATURE_ASYNC_PF_INT);
  }
  if (vendor == CpuVendor::kIntel) {
    apply_intel(leaves, layout, cpu, foreign);
  } else {
    apply_amd(leaves, layout, cpu, foreign);
  }
  return leaves;
}

} // namespace schedrig::kvm
