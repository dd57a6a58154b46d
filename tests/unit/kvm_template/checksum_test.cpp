// SPDX-License-Identifier: MIT
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "template/checksum.hpp"

namespace schedrig::kvm {
namespace {

std::vector<std::byte> counting(std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    data[i] = static_cast<std::byte>(i * 7 + 1);
  }
  return data;
}

TEST(Checksum, zeros_of_any_length_are_zero_and_nothing_else_is) {
  EXPECT_EQ(checksum({}), 0U);
  EXPECT_EQ(checksum(std::vector<std::byte>(4096)), 0U);
  for (std::size_t bytes = 1; bytes < 100; ++bytes) {
    std::vector<std::byte> data(bytes);
    data.back() = std::byte{1};
    EXPECT_NE(checksum(data), 0U) << bytes;
  }
}

TEST(Checksum, every_changed_bit_shows) {
  std::vector<std::byte> data = counting(205); // whole blocks, whole words, a rest
  std::set<std::uint64_t> sums{checksum(data)};
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= std::byte{1} << (bit % 8);
    sums.insert(checksum(data));
    data[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  EXPECT_EQ(sums.size(), 1 + data.size() * 8);
}

TEST(Checksum, exchanged_words_and_another_length_show) {
  const std::vector<std::byte> data = counting(128);
  for (const std::size_t distance : {8U, 32U, 64U}) { // in another lane, in the same
    std::vector<std::byte> other = data;
    std::swap_ranges(other.begin(), other.begin() + 8,
                     other.begin() + static_cast<std::ptrdiff_t>(distance));
    EXPECT_NE(checksum(other), checksum(data)) << distance;
  }
  std::vector<std::byte> longer = data;
  longer.push_back(std::byte{0});
  EXPECT_NE(checksum(longer), checksum(data));
}

} // namespace
} // namespace schedrig::kvm
