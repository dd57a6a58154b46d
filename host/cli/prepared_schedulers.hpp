// SPDX-License-Identifier: MIT
// Every scheduler that a scenario names - in [run], in attach_scheduler and replace_scheduler -
// loaded, with its parameters bound. Thread: host.
#pragma once

#include <vector>

#include "host/cli/prepared_run.hpp"
#include "host/config/diagnostic.hpp"

namespace schedrig::cli {

// Fills kernels_own and schedulers; needs scenario and registry. What is wrong in the file goes to
// `problems`; what is not of the file is printed, and its exit code returned.
[[nodiscard]] int prepare_schedulers(PreparedRun& run, std::vector<config::Diagnostic>& problems);

} // namespace schedrig::cli
