// SPDX-License-Identifier: MIT
#include "host/kernel_view/page_walk.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint32_t kPageShift = 12;
constexpr std::uint32_t kIndexBits = 9;
constexpr std::uint64_t kIndexMask = (1U << kIndexBits) - 1;
constexpr std::uint64_t kPresent = 1U << 0U;
constexpr std::uint64_t kWritable = 1U << 1U;
constexpr std::uint64_t kPageSize = 1U << 7U; // the entry maps a page, at levels 2 and 3
constexpr std::uint64_t kAddressMask = 0x000f'ffff'ffff'f000;

// As the kernel calls them, by level; the highest is the PGD.
constexpr std::array<const char*, 5> kLevelNames = {"", "PTE", "PMD", "PUD", "P4D"};

std::uint32_t shift_of(std::uint32_t level) {
  return kPageShift + (kIndexBits * (level - 1));
}

bool is_canonical(std::uint64_t address, std::uint32_t levels) {
  const std::uint32_t unused = 64 - (shift_of(levels) + kIndexBits);
  const auto extended =
      static_cast<std::int64_t>(address << unused) >> unused; // from the highest used bit
  return static_cast<std::uint64_t>(extended) == address;
}

std::unexpected<Error> not_mapped(std::uint64_t address, bool highest, std::uint32_t level,
                                  const char* why) {
  return fail(StatusCode::kNotFound, "nothing is mapped at " + text::hex_number(address) +
                                         ": its " + (highest ? "PGD" : kLevelNames.at(level)) +
                                         " " + why);
}

} // namespace

Result<Page> walk(const GuestRam& ram, const PageTables& tables, std::uint64_t address) {
  if (!is_canonical(address, tables.levels)) {
    return fail(StatusCode::kInvalidArgument, text::hex_number(address) + " is no address: with " +
                                                  std::to_string(tables.levels) +
                                                  " levels of page tables it is not canonical");
  }
  std::uint64_t table = tables.root;
  bool writable = true;
  for (std::uint32_t level = tables.levels;; --level) {
    const std::uint64_t index = (address >> shift_of(level)) & kIndexMask;
    const std::uint64_t at = table + index * sizeof(std::uint64_t);
    if (!ram.contains(at, sizeof(std::uint64_t))) {
      return not_mapped(address, level == tables.levels, level, "lies outside RAM");
    }
    const std::uint64_t entry = TRY(ram.read_object<std::uint64_t>(at));
    if ((entry & kPresent) == 0) {
      return not_mapped(address, level == tables.levels, level, "is not present");
    }
    writable = writable && (entry & kWritable) != 0;
    const bool is_page = level == 1 || (level <= 3 && (entry & kPageSize) != 0);
    if (is_page) {
      const std::uint64_t bytes = 1ULL << shift_of(level);
      const std::uint64_t start = entry & kAddressMask & ~(bytes - 1);
      return Page{
          .physical = start + (address & (bytes - 1)), .bytes = bytes, .writable = writable};
    }
    table = entry & kAddressMask;
  }
}

Result<std::vector<MemoryRange>> places_of(const GuestRam& ram, const PageTables& tables,
                                           std::uint64_t address, std::uint64_t bytes) {
  if (bytes != 0 && address + (bytes - 1) < address) {
    return fail(StatusCode::kInvalidArgument, std::to_string(bytes) + " bytes from " +
                                                  text::hex_number(address) +
                                                  " on reach beyond the last address");
  }
  std::vector<MemoryRange> places;
  while (bytes != 0) {
    const Page page = TRY(walk(ram, tables, address));
    const std::uint64_t in_page = page.bytes - (page.physical & (page.bytes - 1));
    const std::uint64_t part = std::min(bytes, in_page);
    if (!places.empty() && places.back().start + places.back().bytes == page.physical) {
      places.back().bytes += part;
    } else {
      places.push_back({.start = page.physical, .bytes = part});
    }
    address += part;
    bytes -= part;
  }
  return places;
}

} // namespace schedrig::kernel_view
