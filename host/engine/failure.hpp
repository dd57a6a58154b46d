// SPDX-License-Identifier: MIT
// Why a run failed: gathers what the report has as evidence, and lets triage say. Pure; thread:
// any.
#pragma once

#include <optional>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// Of a run that did not pass, or in which a scheduler was ejected, expected or not. Requires a
// report that is judged. Nothing where there is nothing to explain.
[[nodiscard]] std::optional<triage::Diagnosis> explain_failure(const Scenario& scenario,
                                                               const RunReport& report);

} // namespace schedrig::engine
