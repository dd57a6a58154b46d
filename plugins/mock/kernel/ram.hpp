// SPDX-License-Identifier: MIT
// Ram: the simulated machine's memory by guest-physical address. What was never written is zero and
// takes no room. A copy has memory of its own. Thread: one.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <type_traits>

namespace schedrig::mock {

class Ram {
 public:
  explicit Ram(std::uint64_t bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool contains(std::uint64_t address, std::uint64_t bytes) const {
    return address <= bytes_ && bytes <= bytes_ - address;
  }

  // Of both: contains() says yes.
  void read(std::uint64_t address, std::span<std::uint8_t> into) const;
  void write(std::uint64_t address, std::span<const std::uint8_t> from);

  template <class T> [[nodiscard]] T get(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    read(address, {reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }
  template <class T> void put(std::uint64_t address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    write(address, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }

 private:
  // 64 tasks' structures: a small machine has a few blocks, one of 10,000 tasks some 200.
  static constexpr std::uint64_t kBlockBytes = 64ULL << 10U;
  using Block = std::array<std::uint8_t, kBlockBytes>;

  std::uint64_t bytes_;
  std::map<std::uint64_t, Block> blocks_; // by their place, in blocks
};

} // namespace schedrig::mock
