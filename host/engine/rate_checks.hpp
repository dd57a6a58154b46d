// SPDX-License-Identifier: MIT
// Checks of what workers got and did over their lives: shares, wake-up latencies, rates. Each finds
// the worst worker and judges that one. A ratio whose denominator is zero is inconclusive, unless
// another worker fails. Time for which the scenario froze a worker does not count. Pure.
#pragma once

#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// Appends a record for each of these checks that is on. `workers` have started.
void evaluate_rates(const ChecksConfig& config, const std::vector<WorkerRecord>& workers,
                    std::vector<CheckRecord>& to);

} // namespace schedrig::engine
