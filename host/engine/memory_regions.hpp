// SPDX-License-Identifier: MIT
// A scenario's memory regions as a backend gets them: views of the config. Thread: any.
#pragma once

#include <vector>

#include <schedrig/memory_regions.hpp>
#include <schedrig/scenario.hpp>

namespace schedrig::engine {

[[nodiscard]] inline std::vector<MemoryRegion> memory_regions(const MachineConfig& machine) {
  std::vector<MemoryRegion> regions;
  regions.reserve(machine.regions.size());
  for (const MemoryRegionConfig& region : machine.regions) {
    regions.push_back({.name = region.name,
                       .bytes = region.bytes,
                       .cache = region.cache,
                       .required = region.required ? 1U : 0U});
  }
  return regions;
}

} // namespace schedrig::engine
