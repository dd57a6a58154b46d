// SPDX-License-Identifier: MIT
// Holds: how long a step lasts. Pure; thread: any.
#pragma once

#include <cstdint>

#include <schedrig/scenario.hpp>

namespace schedrig::engine {

struct HoldPlan {
  std::int64_t duration_ns = 0; // at most, of one that waits for a value
  std::int64_t every_ns = 0;    // above 0: the step's ops repeat at this interval
};

[[nodiscard]] HoldPlan plan(const Hold& hold, std::int64_t run_duration_ns);

} // namespace schedrig::engine
