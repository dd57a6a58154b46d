// SPDX-License-Identifier: MIT
// AMD's topology leaves: 0x80000001 (flags), 0x80000008 (size ids), 0x8000001D (caches),
// 0x8000001E (ids), and 0xB, which Linux prefers where it exists.
#include <algorithm>

#include "cpuid.hpp"

namespace schedrig::kvm {
namespace {

// Family 0x17, model 0x31 (Zen 2 server). Linux reads the L3's sharing (0x8000001D) only from
// family 0x17 on (arch/x86/kernel/cpu/cacheinfo.c): an older or foreign host signature would
// lose the LLCs.
constexpr std::uint32_t kZen2Signature = 0x00830f10;
constexpr std::uint32_t kFirstFamilyWithSharedL3 = 0x17;

std::uint32_t family_of(std::uint32_t signature) {
  const std::uint32_t family = signature >> 8U & 0xfU;
  return family == 0xf ? family + (signature >> 20U & 0xffU) : family;
}

} // namespace

void apply_amd(CpuidLeaves& leaves, const ApicLayout& layout, std::uint32_t cpu, bool foreign) {
  constexpr std::uint32_t kLastBasicLeaf = 0xd;
  constexpr std::uint32_t kLastExtendedLeaf = 0x80000021;
  constexpr std::uint32_t kCmpLegacy = 1U << 1;
  constexpr std::uint32_t kTopologyExtensions = 1U << 22;
  const std::uint32_t package = layout.package(cpu);

  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0); leaf != nullptr) {
    leaf->eax = foreign ? kLastBasicLeaf : std::max(leaf->eax, kLastBasicLeaf);
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 1); leaf != nullptr) {
    if (foreign || family_of(leaf->eax) < kFirstFamilyWithSharedL3) {
      leaf->eax = kZen2Signature;
      if (kvm_cpuid_entry2* extended = find_leaf(leaves, 0x80000001); extended != nullptr) {
        extended->eax = kZen2Signature;
      }
    }
  }
  // 0x80000026 would override 0xB; it would have to repeat what 0xB says.
  std::erase_if(leaves, [](const kvm_cpuid_entry2& leaf) {
    return leaf.function > kLastExtendedLeaf && leaf.function < 0x90000000;
  });
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0x80000000); leaf != nullptr) {
    leaf->eax = kLastExtendedLeaf;
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0x80000001); leaf != nullptr) {
    leaf->ecx |= kTopologyExtensions;
    leaf->ecx = layout.max_cpus_per_package > 1 ? leaf->ecx | kCmpLegacy : leaf->ecx & ~kCmpLegacy;
  }
  if (kvm_cpuid_entry2* leaf = find_leaf(leaves, 0x80000008); leaf != nullptr) {
    leaf->ecx = (layout.max_cpus_per_package - 1) | layout.package_shift << 12U;
  }

  remove_leaf(leaves, 2);
  remove_leaf(leaves, 4);
  remove_leaf(leaves, 0x1f);
  remove_leaf(leaves, 0x8000001d);
  std::uint32_t index = 0;
  for (const CacheLevel& cache : cache_levels(layout)) {
    kvm_cpuid_entry2 leaf{};
    leaf.function = 0x8000001d;
    leaf.index = index++;
    leaf.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    leaf.eax = cache.type | cache.level << 5U | 1U << 8U | ((1U << cache.sharing_shift) - 1) << 14U;
    leaf.ebx = 63U | (cache.ways - 1) << 22U; // 64-byte lines, one partition
    leaf.ecx = cache.sets - 1;
    set_leaf(leaves, leaf);
  }
  kvm_cpuid_entry2 end{};
  end.function = 0x8000001d;
  end.index = index;
  end.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  set_leaf(leaves, end);

  // The legacy cache leaves must not contradict 0x8000001D: Linux takes L2 and L3 size from here
  // when it counts cache levels.
  kvm_cpuid_entry2 legacy{};
  legacy.function = 0x80000005;
  legacy.ecx = legacy.edx = 32U << 24U | 8U << 16U | 1U << 8U | 64U; // KiB, ways, lines, line size
  remove_leaf(leaves, legacy.function);
  set_leaf(leaves, legacy);
  legacy = {};
  legacy.function = 0x80000006;
  legacy.ecx = 1024U << 16U | 6U << 12U | 1U << 8U | 64U; // L2 in KiB; 6: 8 ways
  legacy.edx = 32U << 18U | 8U << 12U | 1U << 8U | 64U;   // L3 in 512 KiB; 8: 16 ways
  remove_leaf(leaves, legacy.function);
  set_leaf(leaves, legacy);

  kvm_cpuid_entry2 ids{};
  ids.function = 0x8000001e;
  ids.eax = layout.apic_ids[cpu];
  const std::uint32_t core_mask = (1U << (layout.package_shift - layout.thread_bits)) - 1;
  ids.ebx = (layout.apic_ids[cpu] >> layout.thread_bits & core_mask) | (layout.threads_per_core - 1)
                                                                           << 8U;
  ids.ecx = package & 0xffU; // one node per package
  remove_leaf(leaves, ids.function);
  set_leaf(leaves, ids);

  set_extended_topology(leaves, 0xb, layout, cpu);
}

} // namespace schedrig::kvm
