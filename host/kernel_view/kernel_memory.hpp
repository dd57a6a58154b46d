// SPDX-License-Identifier: MIT
// KernelMemory: reads by the kernel's own addresses, as its pointers hold them.
//
// Addresses in the direct map of RAM are read where they lie; others go through the page tables.
// A pointer may be anything: each error says so. Borrows the machine's memory. Thread: host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <schedrig/result.hpp>

#include "host/kernel_view/guest_ram.hpp"
#include "host/kernel_view/kernel_place.hpp"

namespace schedrig::kernel_view {

class KernelMemory {
 public:
  KernelMemory(const GuestRam& ram, const KernelPlace& place) : ram_(ram), place_(place) {}

  // kBadData: the address is none of the kernel's, or nothing is mapped there.
  [[nodiscard]] Result<> read(std::uint64_t address, std::span<std::uint8_t> into) const;
  template <class T> [[nodiscard]] Result<T> read_object(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T object{};
    TRY(read(address, {reinterpret_cast<std::uint8_t*>(&object), sizeof object}));
    return object;
  }
  // Up to the first zero byte, at most `most` bytes; what lies behind an end of the mapping is not
  // asked for.
  [[nodiscard]] Result<std::string> read_text(std::uint64_t address, std::size_t most) const;

 private:
  GuestRam ram_;
  KernelPlace place_;
};

} // namespace schedrig::kernel_view
