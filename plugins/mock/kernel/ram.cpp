// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/ram.hpp"

#include <algorithm>

namespace schedrig::mock {

void Ram::read(std::uint64_t address, std::span<std::uint8_t> into) const {
  while (!into.empty()) {
    const std::uint64_t offset = address % kBlockBytes;
    const auto part = into.first(std::min<std::uint64_t>(into.size(), kBlockBytes - offset));
    const auto block = blocks_.find(address / kBlockBytes);
    if (block == blocks_.end()) {
      std::ranges::fill(part, std::uint8_t{0});
    } else {
      std::memcpy(part.data(), &block->second[offset], part.size());
    }
    address += part.size();
    into = into.subspan(part.size());
  }
}

void Ram::write(std::uint64_t address, std::span<const std::uint8_t> from) {
  while (!from.empty()) {
    const std::uint64_t offset = address % kBlockBytes;
    const auto part = from.first(std::min<std::uint64_t>(from.size(), kBlockBytes - offset));
    Block& block = blocks_.try_emplace(address / kBlockBytes).first->second;
    std::memcpy(&block[offset], part.data(), part.size());
    address += part.size();
    from = from.subspan(part.size());
  }
}

} // namespace schedrig::mock
