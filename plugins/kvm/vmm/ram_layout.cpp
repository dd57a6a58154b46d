// SPDX-License-Identifier: MIT
// RAM below and above the device hole.
#include "ram_layout.hpp"

#include <algorithm>

namespace schedrig::kvm {

std::vector<RamRange> ram_ranges(std::uint64_t memory_bytes) {
  return ram_ranges(0, memory_bytes);
}

std::vector<RamRange> ram_ranges(std::uint64_t offset, std::uint64_t bytes) {
  std::vector<RamRange> ranges;
  const std::uint64_t end = offset + bytes;
  if (const std::uint64_t low_end = std::min(end, kHoleStart); offset < low_end) {
    ranges.push_back({.start = offset, .bytes = low_end - offset, .offset = offset});
  }
  if (const std::uint64_t high = std::max(offset, kHoleStart); high < end) {
    ranges.push_back({.start = high - kHoleStart + kHoleEnd, .bytes = end - high, .offset = high});
  }
  return ranges;
}

std::optional<std::uint64_t> ram_offset(std::uint64_t memory_bytes, Gpa gpa,
                                        std::uint64_t bytes) noexcept {
  const std::uint64_t low = std::min(memory_bytes, kHoleStart);
  const bool above = gpa >= kHoleEnd;
  const std::uint64_t room = above ? memory_bytes - low : low;
  const std::uint64_t at = above ? gpa - kHoleEnd : gpa;
  if (bytes == 0 || bytes > room || at > room - bytes) {
    return std::nullopt;
  }
  return above ? low + at : at;
}

} // namespace schedrig::kvm
