// SPDX-License-Identifier: MIT
// A scenario in the lab, once or several times: what `lab run` does, and `run --lab`.
#pragma once

#include "host/cli/repeat.hpp"
#include "host/cli/run_options.hpp"
#include "host/cli/verb.hpp"

namespace schedrig::cli {

// Returns the exit code that the run inside ended with, or that of what went wrong around it.
int run_in_lab(const RunOptions& options, const RepeatOptions& repeat, const Globals& globals);

} // namespace schedrig::cli
