// SPDX-License-Identifier: MIT
// What a worker's sample of wake-up latencies comes to. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// Percentiles by nearest rank: each is one of the sample. None for an empty sample.
[[nodiscard]] std::optional<WakeLatency> summarize(std::span<const std::int64_t> sample_ns,
                                                   std::uint64_t wakeups);

} // namespace schedrig::engine
