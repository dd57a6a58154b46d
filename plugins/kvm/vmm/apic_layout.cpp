// SPDX-License-Identifier: MIT
// APIC ids from a topology, and the split of RAM over its nodes.
#include "apic_layout.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kNodeMemoryStep = 2ULL << 20; // a huge page never spans two nodes
constexpr std::uint32_t kFirstBroadcastId = 255;      // xAPIC broadcast

std::uint32_t bits_for(std::uint32_t count) {
  return static_cast<std::uint32_t>(std::bit_width(count - 1));
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

  // Places come in order, so a field counts up while its parent stays the same.
  std::uint32_t package = 0;
  std::uint32_t llc = 0;
  std::uint32_t core = 0;
  CpuPlace previous;
  for (const CpuPlace& place : layout.places) {
    if (layout.apic_ids.empty()) {
      // The first CPU has id 0.
    } else if (place.node != previous.node) {
      ++package;
      llc = core = 0;
    } else if (place.llc != previous.llc) {
      ++llc;
      core = 0;
    } else if (place.core != previous.core) {
      ++core;
    }
    layout.apic_ids.push_back(package << layout.package_shift | llc << layout.llc_shift |
                              core << layout.thread_bits | place.thread);
    previous = place;
  }
  if (layout.apic_ids.back() >= kFirstBroadcastId) {
    return fail(StatusCode::kUnsupported, "topology " + to_string(topology) + " needs APIC id " +
                                              std::to_string(layout.apic_ids.back()) +
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
