// SPDX-License-Identifier: MIT
#include "tests/fuzz/mutate.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace schedrig::fuzz {
namespace {

constexpr std::size_t kLongestPiece = 64;
constexpr std::array<std::uint64_t, 10> kLimits = {
    0, 1, 0x7f, 0x80, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, ~0ULL};

struct Piece {
  std::size_t at = 0;
  std::size_t length = 0;
};

Piece piece_of(const Input& input, Prng& random) {
  if (input.empty()) {
    return {};
  }
  const std::size_t at = random.below(input.size());
  const std::size_t most = std::min(kLongestPiece, input.size() - at);
  return {at, 1 + random.below(most)};
}

void insert(Input& input, std::size_t at, const Input& from, Piece piece) {
  const Input copy(from.begin() + static_cast<std::ptrdiff_t>(piece.at),
                   from.begin() + static_cast<std::ptrdiff_t>(piece.at + piece.length));
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), copy.begin(), copy.end());
}

void put_limit(Input& input, Prng& random) {
  const std::uint64_t value = kLimits.at(random.below(kLimits.size()));
  const std::size_t width = std::size_t{1} << random.below(4);
  const std::size_t at = random.below(input.size());
  for (std::size_t i = 0; i < width && at + i < input.size(); ++i) {
    input[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

void change(Input& input, const std::vector<Seed>& seeds, Prng& random) {
  const std::uint64_t kind = input.empty() ? 6 : random.below(7);
  const Piece piece = piece_of(input, random);
  const auto begin = input.begin() + static_cast<std::ptrdiff_t>(piece.at);
  switch (kind) {
  case 0:
    input[piece.at] ^= static_cast<std::uint8_t>(1U << random.below(8));
    return;
  case 1:
    input[piece.at] = static_cast<std::uint8_t>(random.next());
    return;
  case 2:
    put_limit(input, random);
    return;
  case 3:
    input.erase(begin, begin + static_cast<std::ptrdiff_t>(piece.length));
    return;
  case 4:
    insert(input, piece.at, input, piece);
    return;
  case 5:
    input.resize(piece.at);
    return;
  default: {
    const Input& other = seeds[random.below(seeds.size())].bytes;
    insert(input, piece.at, other, piece_of(other, random));
  }
  }
}

} // namespace

Input mutated(const std::vector<Seed>& seeds, Prng& random) {
  std::size_t longest = 0;
  for (const Seed& seed : seeds) {
    longest = std::max(longest, seed.bytes.size());
  }
  Input input = seeds[random.below(seeds.size())].bytes;
  const std::uint64_t changes = 1 + random.below(8);
  for (std::uint64_t i = 0; i < changes; ++i) {
    change(input, seeds, random);
  }
  input.resize(std::min(input.size(), longest * 4));
  return input;
}

} // namespace schedrig::fuzz
