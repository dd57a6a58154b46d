// SPDX-License-Identifier: MIT
#include <algorithm>

#include <schedrig/topology.hpp>

namespace schedrig {
namespace {

Status invalid(const std::string& what, std::string_view help = {}) {
  return Status::make(StatusCode::kInvalidArgument, "topology: " + what, help);
}

Status validate_distances(const TopologyView& topology) {
  const std::size_t n = topology.nodes.size();
  if (topology.distances.size() != n * n) {
    return invalid("distances has " + std::to_string(topology.distances.size()) + " values for " +
                       std::to_string(n) + " nodes",
                   "give a square matrix with one row per node");
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const std::uint32_t distance = topology.distances[(i * n) + j];
      const std::string where = "distance [" + std::to_string(i) + "][" + std::to_string(j) +
                                "] = " + std::to_string(distance);
      if (i == j ? distance != kLocalDistance
                 : distance <= kLocalDistance || distance > kMaxDistance) {
        return invalid(where, "10 on the diagonal, 11 to 254 elsewhere");
      }
      if (distance != topology.distances[(j * n) + i]) {
        return invalid(where + " differs from its mirror", "distances must be symmetric");
      }
    }
  }
  return {};
}

} // namespace

Topology Topology::uniform(std::uint32_t nodes, std::uint32_t llcs, std::uint32_t cores_per_llc,
                           std::uint32_t threads_per_core) {
  Topology topology;
  topology.threads_per_core = threads_per_core;
  topology.llc_cores.assign(llcs, cores_per_llc);
  const std::uint32_t per_node = nodes == 0 ? 0 : llcs / nodes;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    topology.nodes.push_back({.first_llc = node * per_node, .llc_count = per_node});
    for (std::uint32_t other = 0; other < nodes; ++other) {
      topology.distances.push_back(node == other ? kLocalDistance : kDefaultRemoteDistance);
    }
  }
  return topology;
}

TopologyView Topology::view() const noexcept {
  return {.threads_per_core = threads_per_core,
          .nodes = nodes,
          .llc_cores = llc_cores,
          .distances = distances};
}

Status validate(const TopologyView& topology) noexcept {
  if (topology.threads_per_core != 1 && topology.threads_per_core != 2) {
    return invalid(std::to_string(topology.threads_per_core) + " threads per core", "1 or 2");
  }
  std::uint64_t next_llc = 0;
  for (const NodeSpec& node : topology.nodes) {
    if (node.first_llc != next_llc) {
      return invalid("LLCs of a node do not follow those of the node before it");
    }
    next_llc += node.llc_count;
  }
  if (next_llc != topology.llc_cores.size()) {
    return invalid(std::to_string(topology.llc_cores.size()) + " LLCs for " +
                       std::to_string(topology.nodes.size()) + " nodes",
                   "the number of LLCs must be a multiple of the number of nodes");
  }
  std::uint64_t cores = 0;
  for (const std::uint32_t llc : topology.llc_cores) {
    if (llc == 0) {
      return invalid("an LLC has no cores", "leave it out, or give it at least one core");
    }
    cores += llc;
  }
  const std::uint64_t cpus = cores * topology.threads_per_core;
  if (cpus == 0 || cpus > kMaxCpus) {
    return invalid(std::to_string(cpus) + " CPUs", "1 to " + std::to_string(kMaxCpus));
  }
  return validate_distances(topology);
}

std::uint32_t cpu_count(const TopologyView& topology) noexcept {
  std::uint32_t cores = 0;
  for (const std::uint32_t llc : topology.llc_cores) {
    cores += llc;
  }
  return cores * topology.threads_per_core;
}

std::vector<CpuPlace> cpu_places(const TopologyView& topology) {
  std::vector<CpuPlace> places;
  places.reserve(cpu_count(topology));
  CpuPlace place;
  for (const NodeSpec& node : topology.nodes) {
    for (std::uint32_t i = 0; i < node.llc_count; ++i) {
      const std::uint32_t last_core = place.core + topology.llc_cores[node.first_llc + i];
      for (; place.core < last_core; ++place.core) {
        for (place.thread = 0; place.thread < topology.threads_per_core; ++place.thread) {
          places.push_back(place);
          ++place.cpu;
        }
      }
      ++place.llc;
    }
    ++place.node;
  }
  return places;
}

std::string to_string(const TopologyView& topology) {
  const auto same_shape = [&](const NodeSpec& node) {
    return node.llc_count == topology.nodes.front().llc_count;
  };
  const auto same_cores = [&](std::uint32_t cores) { return cores == topology.llc_cores.front(); };
  if (!topology.llc_cores.empty() && std::ranges::all_of(topology.nodes, same_shape) &&
      std::ranges::all_of(topology.llc_cores, same_cores)) {
    return std::to_string(topology.nodes.size()) + "n" + std::to_string(topology.llc_cores.size()) +
           "l" + std::to_string(topology.llc_cores.front()) + "c" +
           std::to_string(topology.threads_per_core) + "t";
  }
  std::string text = "[";
  for (const NodeSpec& node : topology.nodes) {
    text += &node == topology.nodes.data() ? "" : "|";
    for (std::uint32_t i = 0; i < node.llc_count; ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(topology.llc_cores[node.first_llc + i]);
    }
  }
  return text + "]x" + std::to_string(topology.threads_per_core) + "t";
}

} // namespace schedrig
