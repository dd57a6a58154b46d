// SPDX-License-Identifier: MIT
// Turns the [[workload]]s of a scenario into spawns at the end of its backdrop. Reads their files,
// which become sources of the config, so that their errors are shown in them. Thread: any.
#pragma once

#include <schedrig/scenario.hpp>

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

void import_workloads(Scenario& scenario, Sources& sources, Diagnostics& errors);

} // namespace schedrig::config
