// SPDX-License-Identifier: MIT
#include "expected_topology.hpp"

#include <cstdint>
#include <vector>

#include "vmm/apic_layout.hpp"

namespace schedrig::kvm::test {
namespace {

// "0-2,5", as the kernel prints CPU lists.
std::string cpu_list(const std::vector<std::uint32_t>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
      ++last;
    }
    text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
    text += last == i ? "" : "-" + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

template <class Same> std::string sharers(const std::vector<CpuPlace>& places, Same same) {
  std::vector<std::uint32_t> cpus;
  for (const CpuPlace& place : places) {
    if (same(place)) {
      cpus.push_back(place.cpu);
    }
  }
  return cpu_list(cpus);
}

} // namespace

std::string expected_topology(const Topology& topology) {
  const auto places = cpu_places(topology.view());
  const std::size_t nodes = topology.nodes.size();
  std::string text = "online=" + sharers(places, [](const CpuPlace&) { return true; }) + ";";
  text += "nodes=" + (nodes == 1 ? std::string("0") : "0-" + std::to_string(nodes - 1)) + ";";
  for (std::size_t node = 0; node < nodes; ++node) {
    text += "node" + std::to_string(node) + "=" +
            sharers(places, [&](const CpuPlace& place) { return place.node == node; }) + "|";
    for (std::size_t other = 0; other < nodes; ++other) {
      text += (other == 0 ? "" : " ") + std::to_string(topology.distances[node * nodes + other]);
    }
    text += ";";
  }
  for (const CpuPlace& cpu : places) {
    text += "cpu" + std::to_string(cpu.cpu) + "=pkg:";
    text += sharers(places, [&](const CpuPlace& place) { return place.node == cpu.node; });
    text += ",llc:" + sharers(places, [&](const CpuPlace& place) { return place.llc == cpu.llc; });
    text +=
        ",core:" + sharers(places, [&](const CpuPlace& place) { return place.core == cpu.core; });
    text += ";";
  }
  return text;
}

} // namespace schedrig::kvm::test
