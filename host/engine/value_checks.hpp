// SPDX-License-Identifier: MIT
// Checks of values in the run's snapshots. Pure; thread: any.
#pragma once

#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// One record for each check, named by its path. A value that is not there, or is no number, is
// inconclusive: nobody knows what it would have been.
[[nodiscard]] std::vector<CheckRecord> value_checks(const std::vector<ValueCheck>& checks,
                                                    const std::vector<SnapshotRecord>& snapshots);

} // namespace schedrig::engine
