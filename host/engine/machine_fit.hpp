// SPDX-License-Identifier: MIT
// Whether the CPUs, LLCs and nodes that a scenario names are there on its machine, before anything
// starts. All CPUs of the topology count as online: a kernel command line that leaves some offline
// is known when the machine runs. Pure; thread: any.
#pragma once

#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/capability.hpp"

namespace schedrig::engine {

// Every place of the scenario that asks for what its topology lacks.
[[nodiscard]] std::vector<Missing> machine_misfits(const Scenario& scenario);

} // namespace schedrig::engine
