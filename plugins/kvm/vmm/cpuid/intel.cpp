// SPDX-License-Identifier: MIT
// Intel's topology leaves: 4 (caches), 0xB and 0x1F (extended topology), 2 (points to leaf 4).
#include <algorithm>

#include "cpuid.hpp"

namespace schedrig::kvm {

void apply_intel(CpuidLeaves& leaves, const ApicLayout& layout, std::uint32_t cpu, bool foreign) {
  constexpr std::uint32_t kLastBasicLeaf = 0x1f;
  constexpr std::uint32_t kLastExtendedLeaf = 0x80000008;
  // Family 6, model 0x55, stepping 7 (Cascade Lake): a server part that every kernel with
  // sched_ext knows. Only for a host of the other vendor; else the host's own signature stays.
  constexpr std::uint32_t kForeignSignature = 0x00050657;

  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0); leaf != nullptr) {
    leaf->eax = std::max(leaf->eax, kLastBasicLeaf);
  }
  if (foreign) {
    if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 1); leaf != nullptr) {
      leaf->eax = kForeignSignature;
    }
    remove_leaf(leaves, 0xa); // the performance counters would be Intel's, the host's are not
    // Extended leaves above 0x80000008 are AMD's.
    std::erase_if(leaves, [](const kvm_cpuid_entry2& leaf) {
      return leaf.function > kLastExtendedLeaf && leaf.function < 0x90000000;
    });
    if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0x80000000); leaf != nullptr) {
      leaf->eax = kLastExtendedLeaf;
    }
    if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0x80000001); leaf != nullptr) {
      // What Intel defines: LAHF, LZCNT, PREFETCHW; SYSCALL, NX, 1 GiB pages, RDTSCP, long mode.
      leaf->ecx &= 1U << 0 | 1U << 5 | 1U << 8;
      leaf->edx &= 1U << 11 | 1U << 20 | 1U << 26 | 1U << 27 | 1U << 29;
    }
    if (kvm_cpuid_entry2* leaf = find_leaf(leaves, kLastExtendedLeaf); leaf != nullptr) {
      leaf->ebx &= 1U << 9; // WBNOINVD; the rest is AMD's
      leaf->ecx = 0;
      leaf->edx = 0;
    }
  }

  kvm_cpuid_entry2 descriptors{};
  descriptors.function = 2;
  descriptors.eax = 0x00feff01; // 0xff: see leaf 4; 0xfe: TLB data in leaf 0x18; 0x01: one pass
  remove_leaf(leaves, 2);
  set_leaf(leaves, descriptors);

  remove_leaf(leaves, 4);
  const std::uint32_t core_ids = 1U << (layout.package_shift - layout.thread_bits);
  std::uint32_t index = 0;
  for (const CacheLevel& cache : cache_levels(layout)) {
    kvm_cpuid_entry2 leaf{};
    leaf.function = 4;
    leaf.index = index++;
    leaf.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    leaf.eax = cache.type | cache.level << 5U | 1U << 8U |
               ((1U << cache.sharing_shift) - 1) << 14U | (core_ids - 1) << 26U;
    leaf.ebx = 63U | (cache.ways - 1) << 22U; // 64-byte lines, one partition
    leaf.ecx = cache.sets - 1;
    set_leaf(leaves, leaf);
  }
  kvm_cpuid_entry2 end{};
  end.function = 4;
  end.index = index;
  end.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  set_leaf(leaves, end);

  set_extended_topology(leaves, 0xb, layout, cpu);
  set_extended_topology(leaves, 0x1f, layout, cpu);
}

} // namespace schedrig::kvm
