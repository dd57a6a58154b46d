// SPDX-License-Identifier: MIT
// What checks of workers have in common. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// "worker 0 (spin, pid 12) of cgroup \"a\"".
[[nodiscard]] std::string describe_worker(const WorkerRecord& worker);

// The part of a gap in which the worker was not frozen by the scenario.
[[nodiscard]] std::int64_t unfrozen_length(const Gap& gap, const std::vector<Interval>& frozen);
// The part of its life.
[[nodiscard]] std::int64_t unfrozen_life(const WorkerRecord& worker);

// The record of a check that has nothing to look at.
[[nodiscard]] CheckRecord skipped(std::string name, std::string limit, std::string why);
[[nodiscard]] CheckRecord inconclusive(std::string name, std::string limit, std::string why);

} // namespace schedrig::engine
