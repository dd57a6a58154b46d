// SPDX-License-Identifier: MIT
// Resolves cpuset specs against a topology and the machine's online CPUs (rules and worked
// examples: docs/reference/ops.md, "CPU sets"). Pure; thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/ops.hpp>
#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

namespace schedrig::engine {

// `online` is ascending. The result is ascending and not empty; errors say what the topology has.
[[nodiscard]] Result<std::vector<std::uint32_t>> resolve(const CpusetSpec& spec,
                                                         const TopologyView& topology,
                                                         std::span<const std::uint32_t> online);

// "0-2,5": the kernel's list format (lib/bitmap.c, bitmap_parselist).
[[nodiscard]] std::string to_cpulist(std::span<const std::uint32_t> ascending);
// The reverse, for text from the machine; CPUs at or above kMaxCpus are an error.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpulist(std::string_view text);

} // namespace schedrig::engine
