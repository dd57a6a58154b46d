// SPDX-License-Identifier: MIT
// APIC ids from a topology, and the split of RAM over its nodes.
#include "apic_layout.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kNodeMemoryStep = 2ULL << 20; // a huge page never spans two nodes
constexpr std::uint32_t kFirstBroadcastId = 255;      // xAPIC broadcast

std::uint32_t bits_for(std::uint32_t count) {
  return static_cast<std::uint32_t>(std::bit_width(count - 1));
}

// The package number of each node with CPUs: 0, 1, ... in the order of the nodes, but for one case.
// arch/x86/kernel/cpu/topology.c (Linux 6.9 on) counts the cores of the package with the lowest
// APIC id and takes all to have as many; with a single CPU there it looks for no siblings at all.
// So another package than a lone CPU's gets number 0 if there is one.
std::vector<std::uint32_t> number_packages(const std::vector<std::uint32_t>& node_cpus) {
  std::vector<std::uint32_t> numbers(node_cpus.size());
  std::uint32_t next = 0;
  for (std::size_t node = 0; node < node_cpus.size(); ++node) {
    numbers[node] = node_cpus[node] == 0 ? 0 : next++;
  }
  const auto first = std::ranges::find_if(node_cpus, [](std::uint32_t cpus) { return cpus > 0; });
  const auto most = std::ranges::max_element(node_cpus);
  if (*first == 1 && *most > 1) {
    std::swap(numbers[static_cast<std::size_t>(first - node_cpus.begin())],
              numbers[static_cast<std::size_t>(most - node_cpus.begin())]);
  }
  return numbers;
}

} // namespace

Result<ApicLayout> lay_out_apic_ids(const TopologyView& topology) {
  TRY(from_status(validate(topology)));
  const std::uint32_t cpus = cpu_count(topology);
  if (cpus > kMaxVcpus) {
    return fail(StatusCode::kUnsupported,
                "topology " + to_string(topology) + " has " + std::to_string(cpus) +
                    " CPUs, the kvm machine has at most " + std::to_string(kMaxVcpus));
  }
  ApicLayout layout;
  layout.places = cpu_places(topology);
  layout.threads_per_core = topology.threads_per_core;

  std::vector<std::uint32_t> llc_cpus(topology.llc_cores.size());
  std::vector<std::uint32_t> node_cpus(topology.nodes.size());
  for (const CpuPlace& place : layout.places) {
    ++llc_cpus[place.llc];
    ++node_cpus[place.node];
  }
  layout.max_cpus_per_llc = std::ranges::max(llc_cpus);
  layout.max_cpus_per_package = std::ranges::max(node_cpus);
  const std::uint32_t max_cores = layout.max_cpus_per_llc / topology.threads_per_core;
  std::uint32_t max_llcs = 1;
  for (const NodeSpec& node : topology.nodes) {
    max_llcs = std::max(max_llcs, node.llc_count);
  }
  layout.thread_bits = bits_for(topology.threads_per_core);
  layout.llc_shift = layout.thread_bits + bits_for(max_cores);
  layout.package_shift = layout.llc_shift + bits_for(max_llcs);

  const std::vector<std::uint32_t> packages = number_packages(node_cpus);
  // Places come in order, so a field counts up while its parent stays the same.
  std::uint32_t llc = 0;
  std::uint32_t core = 0;
  CpuPlace previous;
  for (const CpuPlace& place : layout.places) {
    if (layout.apic_ids.empty()) {
      // The first CPU has id 0.
    } else if (place.node != previous.node) {
      llc = core = 0;
    } else if (place.llc != previous.llc) {
      ++llc;
      core = 0;
    } else if (place.core != previous.core) {
      ++core;
    }
    layout.apic_ids.push_back(packages[place.node] << layout.package_shift |
                              llc << layout.llc_shift | core << layout.thread_bits | place.thread);
    previous = place;
  }
  const std::uint32_t highest = std::ranges::max(layout.apic_ids);
  if (highest >= kFirstBroadcastId) {
    return fail(StatusCode::kUnsupported, "topology " + to_string(topology) + " needs APIC id " +
                                              std::to_string(highest) +
                                              ", ids must stay below 255");
  }
  return layout;
}

Result<std::vector<std::uint64_t>> node_memory(const TopologyView& topology,
                                               std::uint64_t memory_bytes) {
  std::vector<std::uint64_t> sizes;
  std::uint64_t explicit_bytes = 0;
  std::uint64_t sharers = 0;
  std::size_t last_sharer = 0;
  for (const NodeSpec& node : topology.nodes) {
    if (node.memory_bytes > memory_bytes - std::min(memory_bytes, explicit_bytes)) {
      return fail(StatusCode::kInvalidArgument,
                  "topology: the nodes' memory exceeds the machine's " +
                      std::to_string(memory_bytes >> 20) + " MiB");
    }
    explicit_bytes += node.memory_bytes;
    if (node.memory_bytes == 0) {
      ++sharers;
      last_sharer = sizes.size();
    }
    sizes.push_back(node.memory_bytes);
  }
  const std::uint64_t rest = memory_bytes - explicit_bytes;
  if (sharers == 0 && rest != 0) {
    return fail(StatusCode::kInvalidArgument,
                "topology: the nodes' memory adds up to " + std::to_string(explicit_bytes >> 20) +
                    " MiB, the machine has " + std::to_string(memory_bytes >> 20) + " MiB");
  }
  if (sharers != 0) {
    const std::uint64_t share = rest / sharers / kNodeMemoryStep * kNodeMemoryStep;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (topology.nodes[i].memory_bytes == 0) {
        sizes[i] = i == last_sharer ? rest - share * (sharers - 1) : share;
      }
    }
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < kNodeMemoryStep || sizes[i] % kPageSize != 0) {
      return fail(StatusCode::kInvalidArgument,
                  "topology: node " + std::to_string(i) + " gets " + std::to_string(sizes[i]) +
                      " bytes of memory, need whole pages and at least 2 MiB");
    }
  }
  return sizes;
}

} // namespace schedrig::kvm
