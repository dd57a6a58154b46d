// SPDX-License-Identifier: MIT
// Scenarios of random ops, the same for the same seed, as the text of a config: what fails can be
// run again with `schedrig run`. Every op family is there; about one op in eight cannot succeed.
#pragma once

#include <cstdint>
#include <string>

namespace schedrig::property {

struct Shape {
  std::uint32_t steps = 3;
  std::uint32_t ops = 12; // of each step at most
  // Ops that this release refuses before a run: only where ops are applied one by one.
  bool unlanded = false;
};

[[nodiscard]] std::string random_scenario(std::uint64_t seed, const Shape& shape);

// How many seeds a test runs: SCHEDRIG_PROPERTY_SEEDS, else what the test lane has time for.
[[nodiscard]] std::uint64_t seed_count(std::uint64_t otherwise);

} // namespace schedrig::property
