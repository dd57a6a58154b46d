// SPDX-License-Identifier: MIT
// CPUID leaves, decoded back as a kernel does it, must give the topology that went in.
#include <bit>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "vmm/cpuid/cpuid.hpp"
#include "vmm/layout.hpp"

namespace schedrig::kvm {
namespace {

CpuidLeaves host_leaves(CpuVendor vendor, std::uint32_t signature) {
  const auto leaf = [](std::uint32_t function, std::uint32_t eax, std::uint32_t ebx,
                       std::uint32_t ecx, std::uint32_t edx) {
    kvm_cpuid_entry2 entry{};
    entry.function = function;
    entry.eax = eax;
    entry.ebx = ebx;
    entry.ecx = ecx;
    entry.edx = edx;
    return entry;
  };
  CpuidLeaves leaves;
  if (vendor == CpuVendor::kIntel) {
    leaves.push_back(leaf(0, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69));
    leaves.push_back(leaf(4, 0x7c004121, 1, 2, 3)); // the host's caches: must not show through
  } else {
    leaves.push_back(leaf(0, 0xd, 0x68747541, 0x444d4163, 0x69746e65));
  }
  leaves.push_back(leaf(1, signature, 0x05100800, 0, 0x078bfbff));
  leaves.push_back(leaf(0x40000000, 0x40000001, 0, 0, 0));
  leaves.push_back(leaf(0x40000001, 0xffffffff, 0, 0, 0));
  leaves.push_back(leaf(0x80000000, 0x80000028, 0, 0, 0));
  leaves.push_back(leaf(0x80000001, signature, 0, 0xffffffff, 0xffffffff));
  leaves.push_back(leaf(0x80000008, 0x3030, 0, 0xffff, 0));
  leaves.push_back(leaf(0x80000026, 1, 2, 3, 4));
  return leaves;
}

// What a kernel concludes about one CPU, by shifts of its APIC id.
struct Decoded {
  std::uint32_t apic_id = 0;
  std::uint32_t core = 0;
  std::uint32_t llc = 0;
  std::uint32_t package = 0;
};

const kvm_cpuid_entry2& get(CpuidLeaves& leaves, std::uint32_t function, std::uint32_t index = 0) {
  static const kvm_cpuid_entry2 none{};
  const kvm_cpuid_entry2* leaf = find_leaf(leaves, function, index);
  EXPECT_NE(leaf, nullptr) << std::hex << function << "." << index;
  return leaf == nullptr ? none : *leaf;
}

Decoded decode(CpuidLeaves& leaves, CpuVendor vendor) {
  Decoded result;
  const std::uint32_t topology = vendor == CpuVendor::kIntel ? 0x1f : 0xb;
  result.apic_id = get(leaves, topology, 0).edx;
  for (std::uint32_t index = 0; index < 3; ++index) {
    EXPECT_EQ(get(leaves, topology, index).edx, result.apic_id);
    EXPECT_EQ(get(leaves, topology, index).ecx & 0xffU, index);
  }
  EXPECT_EQ(get(leaves, 1).ebx >> 24U, result.apic_id);
  EXPECT_EQ(get(leaves, topology, 0).ecx >> 8U, 1U);
  EXPECT_EQ(get(leaves, topology, 1).ecx >> 8U, 2U);
  EXPECT_EQ(get(leaves, topology, 2).ecx >> 8U, 0U);
  result.core = result.apic_id >> get(leaves, topology, 0).eax;
  result.package = result.apic_id >> get(leaves, topology, 1).eax;
  const std::uint32_t caches = vendor == CpuVendor::kIntel ? 4 : 0x8000001d;
  bool found = false;
  for (std::uint32_t index = 0; (get(leaves, caches, index).eax & 0x1fU) != 0; ++index) {
    const kvm_cpuid_entry2& cache = get(leaves, caches, index);
    const std::uint32_t sharing = (cache.eax >> 14U & 0xfffU) + 1;
    const auto order = static_cast<std::uint32_t>(std::bit_width(sharing - 1));
    if ((cache.eax >> 5U & 7U) == 3) {
      result.llc = result.apic_id >> order;
      found = true;
    } else {
      EXPECT_EQ(result.apic_id >> order, result.core) << "L1 and L2 are a core's";
    }
  }
  EXPECT_TRUE(found);
  if (vendor == CpuVendor::kAmd) {
    EXPECT_EQ(get(leaves, 0x8000001e).eax, result.apic_id);
    EXPECT_EQ(get(leaves, 0x8000001e).ecx & 0xffU, result.package);
    EXPECT_EQ(get(leaves, 0x80000008).ecx >> 12U & 0xfU, get(leaves, topology, 1).eax);
    EXPECT_NE(get(leaves, 0x80000001).ecx & 1U << 22U, 0U);
  }
  return result;
}

// Two CPUs share a core, an LLC or a package exactly when the topology says so.
void expect_topology(const Topology& topology, CpuVendor vendor, CpuVendor host) {
  const auto layout = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(layout.has_value()) << to_string(topology.view());
  const CpuidLeaves supported = host_leaves(host, host == CpuVendor::kIntel ? 0x50657 : 0x60fb1);
  std::vector<Decoded> decoded;
  std::set<std::uint32_t> ids;
  for (std::uint32_t cpu = 0; cpu < layout->apic_ids.size(); ++cpu) {
    CpuidLeaves leaves = build_cpuid(supported, *layout, cpu, vendor);
    EXPECT_EQ(vendor_of(leaves), vendor);
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    for (const auto& leaf : leaves) {
      EXPECT_TRUE(seen.insert({leaf.function, leaf.index}).second)
          << "leaf twice: " << std::hex << leaf.function;
    }
    decoded.push_back(decode(leaves, vendor));
    ids.insert(decoded.back().apic_id);
  }
  EXPECT_EQ(ids.size(), decoded.size()) << "APIC ids are unique";
  for (std::size_t a = 0; a < decoded.size(); ++a) {
    for (std::size_t b = 0; b < decoded.size(); ++b) {
      const CpuPlace& pa = layout->places[a];
      const CpuPlace& pb = layout->places[b];
      const std::string where =
          to_string(topology.view()) + " cpu " + std::to_string(a) + " and " + std::to_string(b);
      EXPECT_EQ(decoded[a].core == decoded[b].core, pa.core == pb.core) << where;
      EXPECT_EQ(decoded[a].llc == decoded[b].llc, pa.llc == pb.llc) << where;
      EXPECT_EQ(decoded[a].package == decoded[b].package, pa.node == pb.node) << where;
    }
  }
}

TEST(Cpuid, every_random_topology_decodes_back_for_both_vendors_on_both_hosts) {
  std::mt19937 generator(20240607); // fixed: a failure can be repeated
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  int checked = 0;
  while (checked < 1000) {
    Topology topology;
    topology.threads_per_core = 1 + random() % 2;
    const std::uint32_t nodes = 1 + random() % 3;
    for (std::uint32_t node = 0; node < nodes; ++node) {
      const std::uint32_t llcs = 1 + random() % 3;
      topology.nodes.push_back(
          {.first_llc = static_cast<std::uint32_t>(topology.llc_cores.size()), .llc_count = llcs});
      for (std::uint32_t llc = 0; llc < llcs; ++llc) {
        topology.llc_cores.push_back(1 + random() % 4);
      }
    }
    for (std::uint32_t i = 0; i < nodes * nodes; ++i) {
      topology.distances.push_back(i / nodes == i % nodes ? 10 : 20);
    }
    if (cpu_count(topology.view()) > kMaxVcpus) {
      continue;
    }
    ++checked;
    const CpuVendor vendor = random() % 2 == 0 ? CpuVendor::kIntel : CpuVendor::kAmd;
    const CpuVendor host = random() % 2 == 0 ? CpuVendor::kIntel : CpuVendor::kAmd;
    expect_topology(topology, vendor, host);
    if (HasFailure()) {
      return;
    }
  }
}

TEST(Cpuid, odd_llc_sizes_leave_gaps_between_apic_ids) {
  Topology topology;
  topology.nodes = {{.first_llc = 0, .llc_count = 2}};
  topology.llc_cores = {3, 2};
  topology.distances = {10};
  const auto layout = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->apic_ids, (std::vector<std::uint32_t>{0, 1, 2, 4, 5}));
}

TEST(Cpuid, an_old_amd_signature_is_replaced_since_linux_would_ignore_its_l3) {
  const auto layout = lay_out_apic_ids(Topology::uniform(1, 1, 1, 1).view());
  ASSERT_TRUE(layout.has_value());
  auto old = build_cpuid(host_leaves(CpuVendor::kAmd, 0x60fb1), *layout, 0, CpuVendor::kAmd);
  EXPECT_EQ(get(old, 1).eax, 0x00830f10U);
  auto zen4 = build_cpuid(host_leaves(CpuVendor::kAmd, 0xa10f11), *layout, 0, CpuVendor::kAmd);
  EXPECT_EQ(get(zen4, 1).eax, 0xa10f11U);
}

TEST(Cpuid, asynchronous_page_faults_are_hidden_and_the_deadline_timer_is_shown) {
  const auto layout = lay_out_apic_ids(Topology::uniform(1, 1, 1, 1).view());
  ASSERT_TRUE(layout.has_value());
  auto leaves = build_cpuid(host_leaves(CpuVendor::kAmd, 0xa10f11), *layout, 0, CpuVendor::kAmd);
  EXPECT_EQ(get(leaves, 0x40000001).eax & (1U << 4U | 1U << 10U | 1U << 14U), 0U);
  EXPECT_NE(get(leaves, 1).ecx & 1U << 24U, 0U);
  EXPECT_EQ(find_leaf(leaves, 0x80000026), nullptr);
}

TEST(ApicLayout, a_lone_cpu_does_not_get_the_first_package_if_another_node_has_more) {
  Topology topology;
  topology.nodes = {{.first_llc = 0, .llc_count = 1},
                    {.first_llc = 1, .llc_count = 1},
                    {.first_llc = 2, .llc_count = 1}};
  topology.llc_cores = {1, 2, 3};
  topology.distances = {10, 20, 20, 20, 10, 20, 20, 20, 10};
  const auto layout = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->apic_ids, (std::vector<std::uint32_t>{8, 4, 5, 0, 1, 2}));
  topology.threads_per_core = 2; // two CPUs: siblings are looked for
  const auto smt = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(smt.has_value());
  EXPECT_EQ(smt->apic_ids.front(), 0U);
}

TEST(ApicLayout, more_cpus_than_the_machine_can_have_are_refused) {
  const auto layout = lay_out_apic_ids(Topology::uniform(1, 1, kMaxVcpus + 1, 1).view());
  ASSERT_FALSE(layout.has_value());
  EXPECT_EQ(layout.error().code, StatusCode::kUnsupported);
}

TEST(NodeMemory, what_is_not_given_is_shared_and_everything_adds_up) {
  Topology topology = Topology::uniform(3, 3, 1, 1);
  topology.nodes[1].memory_bytes = 100ULL << 20;
  const auto sizes = node_memory(topology.view(), 513ULL << 20);
  ASSERT_TRUE(sizes.has_value());
  EXPECT_EQ(*sizes, (std::vector<std::uint64_t>{206ULL << 20, 100ULL << 20, 207ULL << 20}));
}

TEST(NodeMemory, sizes_that_do_not_add_up_are_refused) {
  Topology topology = Topology::uniform(2, 2, 1, 1);
  topology.nodes[0].memory_bytes = 600ULL << 20;
  EXPECT_FALSE(node_memory(topology.view(), 512ULL << 20).has_value());
  topology.nodes[0].memory_bytes = 512ULL << 20; // nothing left for the other
  EXPECT_FALSE(node_memory(topology.view(), 512ULL << 20).has_value());
  topology.nodes[0].memory_bytes = topology.nodes[1].memory_bytes = 128ULL << 20; // too little
  EXPECT_FALSE(node_memory(topology.view(), 512ULL << 20).has_value());
  topology.nodes[0].memory_bytes = topology.nodes[1].memory_bytes = ~0ULL; // sum wraps
  EXPECT_FALSE(node_memory(topology.view(), 512ULL << 20).has_value());
}

} // namespace
} // namespace schedrig::kvm
