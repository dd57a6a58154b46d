// SPDX-License-Identifier: MIT
// Checks of payloads: verdicts over the metrics of one execution. Pure; thread: any.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// "bench", or "bench@base" in a cgroup: how reports name a payload.
[[nodiscard]] std::string payload_label(const PayloadRecord& record);

// Adds what comes with every execution that the rig did not end to the record's metrics: exit_code
// (128 + signal when a signal ended it, as shells say), wall_ns, cpu_ns. A metric of the program's
// own with one of these names becomes "output.NAME".
void add_common_metrics(PayloadRecord& record);

// One record a check, in order. A metric that is missing is inconclusive, unless the check is that
// it exists and all output was read: then it is a failure.
[[nodiscard]] std::vector<CheckRecord> evaluate_payload_checks(std::span<const PayloadCheck> checks,
                                                               const PayloadRecord& record);

// The checks of payloads with a gate, as part of the run's. Those of a declared payload that never
// ran are inconclusive.
[[nodiscard]] std::vector<CheckRecord> gating_checks(std::span<const PayloadDef> declared,
                                                     const std::vector<PayloadRecord>& payloads);

} // namespace schedrig::engine
