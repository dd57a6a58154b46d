// SPDX-License-Identifier: MIT
// RAM of two ranges with a hole, as a memory facet; page tables and variables are put into it by
// guest-physical address. Thread: one.
#pragma once

#include <cstring>
#include <vector>

#include <schedrig/guest_memory.hpp>

#include "host/kernel_view/guest_ram.hpp"

namespace schedrig::test {

class FakeRam final : public MemoryFacet {
 public:
  static constexpr std::uint64_t kLow = 16ULL << 20U; // bytes from 0
  static constexpr std::uint64_t kHigh = 4ULL << 30U; // the second range's start
  static constexpr std::uint64_t kHighBytes = 4ULL << 20U;

  void ranges(MemoryRangeSink& sink) noexcept override {
    sink.on_range({.start = 0, .bytes = kLow});
    sink.on_range({.start = kHigh, .bytes = kHighBytes});
  }

  Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept override {
    for (const MemoryAccess& each : accesses) {
      std::uint8_t* const place = at(each.address, each.into.size());
      if (place == nullptr) {
        *failed = 0;
        return Status::make(StatusCode::kInvalidArgument, "no RAM");
      }
      ++reads;
      std::memcpy(each.into.data(), place, each.into.size());
    }
    return {};
  }

  template <class T> void put(std::uint64_t address, const T& value) {
    std::memcpy(at(address, sizeof value), &value, sizeof value);
  }
  void put_text(std::uint64_t address, std::string_view text) {
    std::memcpy(at(address, text.size()), text.data(), text.size());
  }
  [[nodiscard]] std::uint8_t* at(std::uint64_t address, std::uint64_t bytes) {
    if (address <= kLow && bytes <= kLow - address) {
      return &low_[address];
    }
    const std::uint64_t offset = address - kHigh;
    return address >= kHigh && offset <= kHighBytes && bytes <= kHighBytes - offset ? &high_[offset]
                                                                                    : nullptr;
  }
  [[nodiscard]] std::vector<std::uint8_t>& low() { return low_; }

  std::uint64_t reads = 0;

 private:
  std::vector<std::uint8_t> low_ = std::vector<std::uint8_t>(kLow);
  std::vector<std::uint8_t> high_ = std::vector<std::uint8_t>(kHighBytes);
};

} // namespace schedrig::test
