// SPDX-License-Identifier: MIT
// The verdict of a run that was carried out: its checks, its steps, and what its scenario expects.
// Thread: any (pure).
#pragma once

#include <schedrig/scenario.hpp>

#include "host/engine/kernel_log.hpp"
#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// Adds the checks to the report and sets its verdict and, where a check decided it, its cause.
// Requires a report of a run that the rig could carry out, with what happened in it.
void judge(const Scenario& scenario, const KernelLog& kernel_log, RunReport& report);

} // namespace schedrig::engine
