// SPDX-License-Identifier: MIT
// Prng: one stream of pseudo-random numbers per subsystem, so that a further draw in one never
// shifts another. splitmix64 (Steele, Lea, Flood 2014): 8 bytes of state, any seed is fine.
// Streams of host and backend are drawn from one seed: the host's numbers start at 1000.
#pragma once

#include <cstdint>

namespace schedrig {

class Prng {
 public:
  Prng(std::uint64_t seed, std::uint64_t stream)
      : state_(seed ^ (stream * 0xD1B54A32D192ED03ULL)) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  // Uniform in 0..bound-1; the bias of the modulo is below 2^-40 for the bounds used here.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

} // namespace schedrig
