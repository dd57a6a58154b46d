// SPDX-License-Identifier: MIT
// CRC-32, one byte a step through a 256-entry table made at compile time.
#include "channel/crc32.hpp"

#include <array>

namespace schedrig::kvm {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < table.size(); ++n) {
    std::uint32_t value = n;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? (value >> 1U) ^ 0xEDB88320U : value >> 1U;
    }
    table[n] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

} // namespace

std::uint32_t crc32(std::span<const std::byte> data) noexcept {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const std::byte byte : data) {
    value = (value >> 8U) ^ kTable[(value ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  }
  return value ^ 0xFFFFFFFFU;
}

} // namespace schedrig::kvm
