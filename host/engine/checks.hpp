// SPDX-License-Identifier: MIT
// Checks: verdicts over what the workers reported. Pure; thread: any.
#pragma once

#include <optional>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// A worker that makes no progress for this long while it could is stuck. sched_ext's watchdog
// kills a scheduler after 30 s at most; a user notices 2 s.
inline constexpr std::int64_t kStuckNs = 2'000'000'000;

// One record for each check that is on, in a fixed order.
[[nodiscard]] std::vector<CheckRecord> evaluate_checks(const ChecksConfig& config,
                                                       const std::vector<WorkerRecord>& workers);

// Nothing if it is off, or if the machine's console printed nothing or there is none.
[[nodiscard]] std::optional<CheckRecord> kernel_log_check(const ChecksConfig& config,
                                                          const KernelLog& log);

} // namespace schedrig::engine
