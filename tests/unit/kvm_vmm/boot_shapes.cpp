// SPDX-License-Identifier: MIT
// The list of machines.
#include "boot_shapes.hpp"

#include <utility>

namespace schedrig::kvm::test {
namespace {

constexpr CpuVendor kAmd = CpuVendor::kAmd;
constexpr CpuVendor kIntel = CpuVendor::kIntel;
constexpr std::uint64_t kMiB = 1ULL << 20;

Topology with_node_memory(Topology topology, const std::vector<std::uint64_t>& mebibytes) {
  for (std::size_t node = 0; node < mebibytes.size(); ++node) {
    topology.nodes[node].memory_bytes = mebibytes[node] * kMiB;
  }
  return topology;
}

} // namespace

Topology nodes_of(const std::vector<std::vector<std::uint32_t>>& llc_cores,
                  std::uint32_t threads_per_core, std::vector<std::uint32_t> distances) {
  Topology topology;
  topology.threads_per_core = threads_per_core;
  for (const auto& node : llc_cores) {
    topology.nodes.push_back({.first_llc = static_cast<std::uint32_t>(topology.llc_cores.size()),
                              .llc_count = static_cast<std::uint32_t>(node.size())});
    topology.llc_cores.insert(topology.llc_cores.end(), node.begin(), node.end());
  }
  for (std::size_t i = 0; distances.size() < llc_cores.size() * llc_cores.size(); ++i) {
    distances.push_back(i / llc_cores.size() == i % llc_cores.size() ? kLocalDistance
                                                                     : kDefaultRemoteDistance);
  }
  topology.distances = std::move(distances);
  return topology;
}

std::vector<BootShape> small_shapes() {
  return {
      {"one_cpu", nodes_of({{1}}), kIntel},
      {"two_cores", nodes_of({{2}}), kAmd},
      {"one_core_of_two_threads_intel", nodes_of({{1}}, 2), kIntel},
      {"one_core_of_two_threads_amd", nodes_of({{1}}, 2), kAmd},
      {"four_cores_of_two_threads", nodes_of({{4}}, 2), kIntel},
      {"eight_cores", nodes_of({{8}}), kAmd},
      {"two_llcs", nodes_of({{2, 2}}), kAmd},
      {"four_llcs_of_smt", nodes_of({{1, 1, 1, 1}}, 2), kIntel},
      {"eight_llcs", nodes_of({{1, 1, 1, 1, 1, 1, 1, 1}}), kAmd},
      // Odd sizes leave gaps between APIC ids.
      {"llcs_of_three_and_two_intel", nodes_of({{3, 2}}), kIntel},
      {"llcs_of_five_and_three_amd", nodes_of({{5, 3}}), kAmd},
      {"llcs_of_three_three_one", nodes_of({{3, 3, 1}}), kIntel},
      {"llcs_of_one_and_seven", nodes_of({{1, 7}}), kAmd},
      {"three_cores_of_two_threads", nodes_of({{3}}, 2), kAmd},
      {"seven_cores", nodes_of({{7}}), kIntel},
      {"smt_llcs_of_three_and_one", nodes_of({{3, 1}}, 2), kIntel},
      {"two_nodes", nodes_of({{1}, {1}}), kIntel},
      {"two_nodes_of_smt_amd", nodes_of({{1, 1}, {1, 1}}, 2), kAmd},
      {"two_nodes_of_smt_intel", nodes_of({{1, 1}, {1, 1}}, 2), kIntel},
      {"uneven_nodes_amd", nodes_of({{3, 2}, {1}}, 1, {10, 33, 33, 10}), kAmd},
      {"uneven_nodes_intel", nodes_of({{3, 2}, {1}}, 1, {10, 33, 33, 10}), kIntel},
      {"three_nodes_in_a_row", nodes_of({{2}, {2}, {2}}, 1, {10, 15, 20, 15, 10, 15, 20, 15, 10}),
       kAmd},
      // The boot CPU is alone in its node.
      {"three_nodes_of_one_two_three", nodes_of({{1}, {2}, {3}}), kIntel},
      {"two_nodes_of_one_and_four", nodes_of({{1}, {2, 2}}), kAmd},
      {"three_nodes_of_smt", nodes_of({{1}, {1}, {1}}, 2), kIntel},
      {"four_nodes_in_a_ring",
       nodes_of({{1}, {1}, {1}, {1}}, 1,
                {10, 16, 32, 16, 16, 10, 16, 32, 32, 16, 10, 16, 16, 32, 16, 10}),
       kAmd},
      {"eight_nodes", nodes_of({{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}}), kIntel, 768 * kMiB},
      {"memory_only_node", with_node_memory(nodes_of({{2}, {}}, 1, {10, 17, 17, 10}), {0, 128}),
       kAmd},
      {"two_memory_only_nodes", with_node_memory(nodes_of({{1, 1}, {2}, {}, {}}), {0, 0, 64, 64}),
       kIntel},
      {"nodes_of_given_memory", with_node_memory(nodes_of({{2}, {1}}), {384, 128}), kAmd},
      // The hole lies in the second node, which has 1.5 GiB below it.
      {"memory_around_the_device_hole", with_node_memory(nodes_of({{1}, {1}}), {1536, 3072}), kAmd,
       4608 * kMiB},
  };
}

BootShape sixty_four_cpus() {
  return {"sixty_four_cpus", nodes_of({{4, 4}, {4, 4}, {4, 4}, {4, 4}}, 2), kAmd, 1024 * kMiB};
}

} // namespace schedrig::kvm::test
