// SPDX-License-Identifier: MIT
// Mirror: one structure of the simulation in the machine's memory. What the simulation has not
// changed since it was stored last is not written again: it keeps what somebody else has put
// there, as in a kernel, which writes when something happens. Counters are added to. Thread: one.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "plugins/mock/kernel/ram.hpp"
#include "plugins/mock/kernel/types.hpp"

namespace schedrig::mock {

template <class T> class Mirror {
  static_assert(std::has_unique_object_representations_v<T>, "its padding is compared");

 public:
  Mirror() = default;
  explicit Mirror(std::uint64_t physical) : physical_(physical) {}

  [[nodiscard]] bool placed() const { return physical_ != 0; }
  [[nodiscard]] std::uint64_t physical() const { return physical_; }
  [[nodiscard]] const T& stored() const { return stored_; }

  // All of it, over whatever is there.
  void create(Ram& ram, const T& now) {
    ram.put(physical_, now);
    stored_ = now;
  }
  void store(Ram& ram, const T& now) {
    if (std::memcmp(&now, &stored_, sizeof now) == 0) {
      return;
    }
    static const std::vector<Leaf> kLeaves = leaves_of(kNameOf<T>);
    const auto* const is = reinterpret_cast<const std::uint8_t*>(&now);
    const auto* const was = reinterpret_cast<const std::uint8_t*>(&stored_);
    for (const Leaf& leaf : kLeaves) {
      if (std::memcmp(is + leaf.at, was + leaf.at, leaf.bytes) == 0) {
        continue;
      }
      if (leaf.counter) {
        add(ram, leaf, is, was);
      } else {
        ram.write(physical_ + leaf.at, {is + leaf.at, leaf.bytes});
      }
    }
    stored_ = now;
  }

 private:
  void add(Ram& ram, const Leaf& leaf, const std::uint8_t* is, const std::uint8_t* was) {
    std::uint64_t after = 0;
    std::uint64_t before = 0;
    std::uint64_t value = 0;
    std::memcpy(&after, is + leaf.at, leaf.bytes);
    std::memcpy(&before, was + leaf.at, leaf.bytes);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&value);
    ram.read(physical_ + leaf.at, {bytes, leaf.bytes});
    value += after - before;
    ram.write(physical_ + leaf.at, {bytes, leaf.bytes});
  }

  std::uint64_t physical_ = 0;
  T stored_{};
};

} // namespace schedrig::mock
