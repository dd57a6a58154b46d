// SPDX-License-Identifier: MIT
// The machines that boot_test.cpp boots: one entry per kind of shape that tables can get wrong.
// At most 8 CPUs each, but for the last one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/topology.hpp>

#include "vmm/cpuid/vendor.hpp"

namespace schedrig::kvm::test {

struct BootShape {
  std::string name;
  Topology topology;
  CpuVendor vendor = CpuVendor::kAmd;
  std::uint64_t memory_bytes = 512ULL << 20;
};

// Node by node the cores of each LLC; distances row by row, empty for 10 and 20.
[[nodiscard]] Topology nodes_of(const std::vector<std::vector<std::uint32_t>>& llc_cores,
                                std::uint32_t threads_per_core = 1,
                                std::vector<std::uint32_t> distances = {});

[[nodiscard]] std::vector<BootShape> small_shapes();
[[nodiscard]] BootShape sixty_four_cpus();

} // namespace schedrig::kvm::test
