// SPDX-License-Identifier: MIT
// Every scheduler that a scenario names - in [run], in attach_scheduler and replace_scheduler -
// loaded, with its parameters bound. Thread: host.
#pragma once

#include <functional>
#include <vector>

#include "host/cli/prepared_run.hpp"
#include "host/config/diagnostic.hpp"

namespace schedrig::cli {

// Prints located errors and returns the exit code for them.
using Refuse = std::function<int(const std::vector<config::Diagnostic>&)>;

// Fills kernels_own and schedulers; needs scenario and registry. Returns the exit code, 0 when all
// is well.
[[nodiscard]] int prepare_schedulers(PreparedRun& run, const Refuse& refuse);

} // namespace schedrig::cli
