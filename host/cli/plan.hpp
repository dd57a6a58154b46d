// SPDX-License-Identifier: MIT
// What a run would do: `run --dry-run`. Thread: host.
#pragma once

#include <string>

#include "host/cli/prepared_run.hpp"

namespace schedrig::cli {

// The machine, every step with its ops, cpusets resolved on the topology, the checks, and where
// results go. Requires a run that was prepared with all layers.
[[nodiscard]] std::string plan_text(const PreparedRun& prepared, const RunOptions& options);

} // namespace schedrig::cli
