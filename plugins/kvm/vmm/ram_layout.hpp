// SPDX-License-Identifier: MIT
// RamLayout: where a machine's RAM lies in guest-physical space. Pure data; knows no mapping.
//
// RAM offsets count the machine's RAM from 0; the guest sees them from address 0 up to the device
// hole (layout.hpp: kHoleStart), and what does not fit there from the hole's end on. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "layout.hpp"

namespace schedrig::kvm {

// Guest-physical [start, start + bytes) is RAM from `offset` on.
struct RamRange {
  Gpa start = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const RamRange&, const RamRange&) = default;
};

// The one or two ranges of a machine with that much RAM, in order.
[[nodiscard]] std::vector<RamRange> ram_ranges(std::uint64_t memory_bytes);

// The ranges of RAM [offset, offset + bytes): two when the hole lies in between.
[[nodiscard]] std::vector<RamRange> ram_ranges(std::uint64_t offset, std::uint64_t bytes);

// Where guest-physical [gpa, gpa + bytes) lies in a RAM of that size, if all of it does, in one
// range. bytes 0 lies nowhere.
[[nodiscard]] std::optional<std::uint64_t> ram_offset(std::uint64_t memory_bytes, Gpa gpa,
                                                      std::uint64_t bytes) noexcept;

} // namespace schedrig::kvm
