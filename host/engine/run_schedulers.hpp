// SPDX-License-Identifier: MIT
// What a run does about its schedulers outside of its steps: whether the machine can run them, the
// first one, and the exit that was to happen. Thread: host.
#pragma once

#include <optional>
#include <string>

#include <schedrig/result.hpp>
#include <schedrig/schedulers.hpp>

#include "host/engine/run.hpp"
#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {

// Of the one that the scenario starts with: what the user calls it.
[[nodiscard]] std::string scheduler_label(const RunRequest& request);

// Before the machine boots: whether it could run every scheduler of the scenario.
[[nodiscard]] Result<> check_schedulers(const RunRequest& request, SchedulersFacet& facet);

// The kernel's own, then the scenario's first one.
[[nodiscard]] Result<> attach_first(const RunRequest& request, SchedulersFacet& facet,
                                    SchedulerControl& control);

// Of the exit that the scenario expects and that has not happened; nothing: it has, or none was.
[[nodiscard]] std::optional<Error> missing_exit(const RunConfig& run,
                                                const SchedulerControl& control);

} // namespace schedrig::engine
