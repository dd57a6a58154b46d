// SPDX-License-Identifier: MIT
#include "template/checksum.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace schedrig::kvm {
namespace {

// Odd, so that multiplying loses nothing; with bits of both kinds everywhere.
constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t kMix = 0xD1B54A32D192ED03ULL;
constexpr std::size_t kLanes = 4;

std::uint64_t step(std::uint64_t lane, std::uint64_t word) noexcept {
  return std::rotl(lane + word * kMix, 31) * kStep;
}

// Every bit out depends on every bit in: splitmix64's end.
std::uint64_t spread(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

std::uint64_t word_at(std::span<const std::byte> data, std::size_t at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, data.data() + at, std::min(sizeof word, data.size() - at));
  return word;
}

} // namespace

std::uint64_t checksum(std::span<const std::byte> data) noexcept {
  std::array<std::uint64_t, kLanes> lanes{1, 2, 3, 4};
  std::uint64_t seen = 0;
  std::size_t at = 0;
  constexpr std::size_t kBlock = kLanes * sizeof(std::uint64_t);
  for (; at + kBlock <= data.size(); at += kBlock) {
    std::array<std::uint64_t, kLanes> words{};
    std::memcpy(words.data(), data.data() + at, kBlock);
    for (std::size_t i = 0; i < kLanes; ++i) {
      seen |= words[i];
      lanes[i] = step(lanes[i], words[i]);
    }
  }
  for (; at < data.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = word_at(data, at);
    seen |= word;
    lanes[0] = step(lanes[0], word);
  }
  if (seen == 0) {
    return 0;
  }
  std::uint64_t sum = data.size() * kMix;
  for (const std::uint64_t lane : lanes) {
    sum = spread(sum ^ lane);
  }
  return sum == 0 ? 1 : sum;
}

} // namespace schedrig::kvm
