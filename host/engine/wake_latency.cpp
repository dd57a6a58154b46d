// SPDX-License-Identifier: MIT
#include "host/engine/wake_latency.hpp"

#include <algorithm>
#include <vector>

namespace schedrig::engine {

std::optional<WakeLatency> summarize(std::span<const std::int64_t> sample_ns,
                                     std::uint64_t wakeups) {
  if (sample_ns.empty()) {
    return std::nullopt;
  }
  std::vector<std::int64_t> sorted(sample_ns.begin(), sample_ns.end());
  std::ranges::sort(sorted);
  const auto percentile = [&](std::size_t percent) {
    return sorted[(sorted.size() * percent + 99) / 100 - 1]; // rank rounded up, from 1
  };
  return WakeLatency{.count = std::max<std::uint64_t>(wakeups, sorted.size()),
                     .p50_ns = percentile(50),
                     .p99_ns = percentile(99),
                     .max_ns = sorted.back()};
}

} // namespace schedrig::engine
