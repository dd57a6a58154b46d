// SPDX-License-Identifier: MIT
// The x86-64 page walk: which guest-physical address a linear one means (Intel SDM volume 3,
// 4.5: 4-level and 5-level paging), with pages of 4 KiB, 2 MiB and 1 GiB.
//
// The tables are the guest's own and may be anything: a walk reads at most five entries. Thread:
// host.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/guest_memory.hpp>
#include <schedrig/result.hpp>

#include "host/kernel_view/guest_ram.hpp"

namespace schedrig::kernel_view {

struct PageTables {
  std::uint64_t root = 0;   // guest-physical, of the highest table: CR3 without its flags
  std::uint32_t levels = 4; // 4 or 5
};

struct Page {
  std::uint64_t physical = 0; // of the address that was looked up, not of the page's start
  std::uint64_t bytes = 0;    // of the page: 4 KiB, 2 MiB or 1 GiB
  bool writable = false;      // as its tables say, all of them
};

// kInvalidArgument: the address is not canonical; kNotFound: no page is mapped there, or a table
// lies outside RAM: the text names level and entry.
Result<Page> walk(const GuestRam& ram, const PageTables& tables, std::uint64_t address);

// Where the bytes of [address, address + bytes) lie, in order, neighbours joined. Errors: as walk;
// kInvalidArgument when the end wraps or is not canonical.
Result<std::vector<MemoryRange>> places_of(const GuestRam& ram, const PageTables& tables,
                                           std::uint64_t address, std::uint64_t bytes);

} // namespace schedrig::kernel_view
