// SPDX-License-Identifier: MIT
// Checks of values in snapshots. Pure; thread: any.
#pragma once

#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// One record for each check, named by its path. A value that is not there, or is no number, is
// inconclusive: nobody knows what it would have been.
[[nodiscard]] std::vector<CheckRecord> value_checks(const std::vector<ValueCheck>& checks,
                                                    const std::vector<SnapshotRecord>& snapshots);

// Of the document of one snapshot, all of them. kInvalidArgument: some do not hold, with what the
// values were; kNotFound: a path leads to no number, with what there is at that depth.
[[nodiscard]] Result<> expect_values(const std::vector<ValueCheck>& checks,
                                     const json::Value& document);

} // namespace schedrig::engine
