// SPDX-License-Identifier: MIT
// Mutations of inputs, the same for the same numbers. Thread: any.
#pragma once

#include <vector>

#include <schedrig/prng.hpp>

#include "tests/fuzz/seeds.hpp"

namespace schedrig::fuzz {

// A seed with one to eight changes: bits, bytes, numbers at their limits, pieces taken out,
// doubled, put in from another seed, cut off. At most four times the longest seed.
[[nodiscard]] Input mutated(const std::vector<Seed>& seeds, Prng& random);

} // namespace schedrig::fuzz
