// SPDX-License-Identifier: MIT
// Every scheduler that a scenario names - in [run], in attach_scheduler and replace_scheduler -
// loaded, with its parameters bound. Thread: host.
#pragma once

#include <vector>

#include "host/cli/prepared_run.hpp"
#include "host/config/diagnostic.hpp"
#include "host/config/lost_names.hpp"
#include "host/config/places.hpp"

namespace schedrig::cli {

// What is known to be wrong in the file, and where to put what is found.
struct KnownProblems {
  const config::Places& places;
  const config::LostNames& lost;
  std::vector<config::Diagnostic>& problems;
};

// Fills kernels_own and schedulers from the scenario and `registry`, the run's own. What is wrong
// in the file goes to `known.problems`; what is not of the file is printed, and its exit code
// returned.
[[nodiscard]] int prepare_schedulers(PreparedRun& run, loader::Registry& registry,
                                     const KnownProblems& known);

} // namespace schedrig::cli
