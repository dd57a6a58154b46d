// SPDX-License-Identifier: MIT
// What a run would do: `run --dry-run`, here or in the lab. Thread: host.
#pragma once

#include <string>

#include "host/cli/prepared_run.hpp"

namespace schedrig::cli {

// The machine, every step with its ops, cpusets resolved on the topology, the checks, and where
// results go. Requires a run that was prepared with all layers.
[[nodiscard]] std::string plan_text(const PreparedRun& prepared, const RunOptions& options);

// Prepares the run as for carrying it out and prints its plan; returns the exit code.
int print_plan(const RunOptions& options, bool several_runs, const Globals& globals);

} // namespace schedrig::cli
