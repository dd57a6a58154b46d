// SPDX-License-Identifier: MIT
// Resolves affinity intents to CPUs, worker by worker (rules: docs/reference/ops.md, "Affinity").
// Pure but for the draws of `random`; thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <schedrig/ops.hpp>
#include <schedrig/prng.hpp>
#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

namespace schedrig::engine {

struct AffinityPool {
  const TopologyView& topology;
  std::span<const std::uint32_t> online; // ascending
  std::span<const std::uint32_t> cpuset; // of the workers' cgroup, ascending; empty: all online
};

// Workers of one group that ask for the same CPUs.
struct PinnedWorkers {
  std::vector<std::uint32_t> cpus;    // ascending, not empty
  std::vector<std::uint32_t> workers; // indices, ascending
};

// `unit` is the number of workers that belong together (WorkTypeInfo::group_size). Every worker is
// in exactly one entry. What the pool cannot give is an error even for no workers.
[[nodiscard]] Result<std::vector<PinnedWorkers>>
resolve_affinity(const AffinityIntent& intent, std::uint32_t workers, std::uint32_t unit,
                 const AffinityPool& pool, Prng& random);

} // namespace schedrig::engine
