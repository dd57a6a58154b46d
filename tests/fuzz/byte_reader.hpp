// SPDX-License-Identifier: MIT
// Takes a fuzz target's bytes apart, in order: little-endian numbers and pieces. Behind the end
// numbers are 0 and pieces are short, so that every input means something.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace schedrig::fuzz {

class ByteReader {
 public:
  ByteReader(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  template <class Number> Number take() {
    Number value = 0;
    const auto bytes = piece(sizeof value);
    if (!bytes.empty()) {
      std::memcpy(&value, bytes.data(), bytes.size());
    }
    return value;
  }

  std::span<const std::uint8_t> piece(std::size_t size) {
    const auto bytes = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(bytes.size());
    return bytes;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

} // namespace schedrig::fuzz
