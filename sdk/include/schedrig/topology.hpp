// SPDX-License-Identifier: MIT
// Topology: a machine's NUMA nodes, last-level caches (LLCs), cores and threads, as data.
//
// CPUs are numbered 0..n-1 by walking node -> LLC -> core -> thread in order, on every backend.
// Topology owns its arrays; TopologyView is the same as spans and is what crosses the plugin
// boundary: valid only during the call it is passed to. Thread: any (plain data).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <schedrig/status.hpp>

namespace schedrig {

// ACPI 6.5, 5.2.17 (SLIT): 10 is "local", 255 "unreachable"; 20 is what firmware reports for a
// node one hop away.
inline constexpr std::uint32_t kLocalDistance = 10;
inline constexpr std::uint32_t kDefaultRemoteDistance = 20;
inline constexpr std::uint32_t kMaxDistance = 254;
// What the rig is designed for, not a kernel limit (Debian's NR_CPUS is 8192).
inline constexpr std::uint32_t kMaxCpus = 512;

// One NUMA node: a run of `llc_count` entries of Topology::llc_cores from `first_llc` on.
// llc_count 0 is a memory-only node. memory_bytes 0 means: an even share of what nodes with an
// explicit size leave of the machine's memory.
struct NodeSpec {
  std::uint32_t first_llc = 0;
  std::uint32_t llc_count = 0;
  std::uint64_t memory_bytes = 0;
};

struct TopologyView {
  std::uint32_t size = sizeof(TopologyView);
  std::uint32_t threads_per_core = 1; // 1 or 2
  std::span<const NodeSpec> nodes;
  std::span<const std::uint32_t> llc_cores; // cores of each LLC, all nodes in order
  std::span<const std::uint32_t> distances; // nodes x nodes, row-major
};

struct Topology {
  std::uint32_t threads_per_core = 1;
  std::vector<NodeSpec> nodes;
  std::vector<std::uint32_t> llc_cores;
  std::vector<std::uint32_t> distances;

  // `llcs` is the machine's total and must be a multiple of `nodes`; distances are 10/20.
  [[nodiscard]] static Topology uniform(std::uint32_t nodes, std::uint32_t llcs,
                                        std::uint32_t cores_per_llc,
                                        std::uint32_t threads_per_core);
  [[nodiscard]] TopologyView view() const noexcept;
};

// Where a CPU sits. llc, core are machine-wide indices; thread is within its core.
struct CpuPlace {
  std::uint32_t cpu = 0;
  std::uint32_t node = 0;
  std::uint32_t llc = 0;
  std::uint32_t core = 0;
  std::uint32_t thread = 0;
};

// Everything a backend may rely on: 1..kMaxCpus CPUs, at least one node with CPUs, contiguous LLC
// runs that cover llc_cores exactly, no empty LLC, 1 or 2 threads, symmetric distances in range.
[[nodiscard]] Status validate(const TopologyView& topology) noexcept;

// Requires: validate() is ok.
[[nodiscard]] std::uint32_t cpu_count(const TopologyView& topology) noexcept;
[[nodiscard]] std::vector<CpuPlace> cpu_places(const TopologyView& topology);
// "1n2l4c2t" for uniform shapes, else a list of each node's LLC sizes: "[4,3|2]x2t".
[[nodiscard]] std::string to_string(const TopologyView& topology);

} // namespace schedrig
