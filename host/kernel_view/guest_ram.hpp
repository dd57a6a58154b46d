// SPDX-License-Identifier: MIT
// GuestRam: reads of a machine's RAM by guest-physical address, for whoever follows structures in
// it. The machine may run meanwhile: copy first, then look.
//
// Borrows the memory facet. Errors: kInvalidArgument with the range where no RAM is; what the facet
// says. Thread: host.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <schedrig/guest_memory.hpp>
#include <schedrig/result.hpp>

namespace schedrig::kernel_view {

class GuestRam {
 public:
  explicit GuestRam(MemoryFacet& memory);

  // Ascending, without overlap.
  [[nodiscard]] const std::vector<MemoryRange>& ranges() const noexcept { return ranges_; }
  // Whether all of [address, address + bytes) is RAM, in one range.
  [[nodiscard]] bool contains(std::uint64_t address, std::uint64_t bytes) const noexcept;

  [[nodiscard]] Result<> read(std::uint64_t address, std::span<std::uint8_t> into) const;

  template <class T> [[nodiscard]] Result<T> read_object(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T object{};
    TRY(read(address, {reinterpret_cast<std::uint8_t*>(&object), sizeof object}));
    return object;
  }

 private:
  MemoryFacet& memory_;
  std::vector<MemoryRange> ranges_;
};

} // namespace schedrig::kernel_view
