// SPDX-License-Identifier: MIT
// ApicLayout: which APIC id each CPU of a topology gets. Pure data; knows no table format.
//
// An APIC id is four bit fields, package | LLC | core | thread. Kernels find "same core", "same
// LLC", "same package" by comparing ids shifted right, so each field is as wide as its largest
// member needs, and uneven shapes leave gaps. A package is a NUMA node that has CPUs. CPU 0 is the
// boot CPU; its id is not 0 where its node has it alone and others have more.
// Thread: any.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

namespace schedrig::kvm {

struct ApicLayout {
  std::uint32_t thread_bits = 0; // shift from APIC id to core
  std::uint32_t llc_shift = 0;   // shift from APIC id to LLC
  std::uint32_t package_shift = 0;
  std::uint32_t threads_per_core = 1;
  std::uint32_t max_cpus_per_llc = 1;
  std::uint32_t max_cpus_per_package = 1;
  std::vector<CpuPlace> places;        // by CPU number
  std::vector<std::uint32_t> apic_ids; // by CPU number

  [[nodiscard]] std::uint32_t package(std::uint32_t cpu) const noexcept {
    return apic_ids[cpu] >> package_shift;
  }
};

// Errors: an invalid topology, more than kMaxVcpus CPUs, ids that do not fit below 255.
[[nodiscard]] Result<ApicLayout> lay_out_apic_ids(const TopologyView& topology);

// RAM of each node in bytes: explicit sizes as given, the rest split evenly in 2 MiB steps (the
// last one takes the remainder). Errors: sizes that do not add up, a node of less than 2 MiB.
[[nodiscard]] Result<std::vector<std::uint64_t>> node_memory(const TopologyView& topology,
                                                             std::uint64_t memory_bytes);

} // namespace schedrig::kvm
