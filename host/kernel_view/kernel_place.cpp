// SPDX-License-Identifier: MIT
#include "host/kernel_view/kernel_place.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint64_t kLoadStep = 2ULL << 20U;
// __START_KERNEL_map, arch/x86/include/asm/page_64_types.h.
constexpr std::uint64_t kKernelMap = 0xffff'ffff'8000'0000;
// KERNEL_IMAGE_SIZE: nothing of the kernel's map lies behind it.
constexpr std::uint64_t kKernelMapBytes = 1ULL << 30U;

struct Landmarks {
  std::uint64_t text = 0;
  std::uint64_t banner = 0;
  std::uint64_t phys_base = 0;
  std::uint64_t page_offset_base = 0;
  std::uint64_t init_top_pgt = 0;
};

Result<Landmarks> landmarks_of(const Symbols& symbols) {
  Landmarks marks;
  marks.text = TRY(symbols.address_of("_text"));
  marks.banner = TRY(symbols.address_of("linux_banner"));
  marks.phys_base = TRY(symbols.address_of("phys_base"));
  marks.page_offset_base = TRY(symbols.address_of("page_offset_base"));
  marks.init_top_pgt = TRY(symbols.address_of("init_top_pgt"));
  return marks;
}

bool banner_is_at(const GuestRam& ram, std::uint64_t address, std::string_view banner) {
  std::vector<std::uint8_t> found(banner.size());
  return ram.contains(address, banner.size()) && ram.read(address, found) &&
         std::ranges::equal(found, banner, {}, {},
                            [](char c) { return static_cast<std::uint8_t>(c); });
}

// Linear addresses of 48 bits are enough for the direct map unless it lies below theirs.
std::uint32_t levels_of(std::uint64_t direct_map) {
  return (static_cast<std::int64_t>(direct_map) >> 47) == -1 ? 4 : 5;
}

// The kernel at `physical`, if its variables and page tables agree that it runs there.
Result<KernelPlace> kernel_at(const GuestRam& ram, const Landmarks& marks, std::uint64_t physical) {
  KernelPlace place{
      .text = marks.text, .physical = physical, .slide = 0, .direct_map = 0, .tables = {}};
  const auto variable = [&](std::uint64_t link_address) {
    return ram.read_object<std::uint64_t>(place.physical_of(link_address));
  };
  // __phys_addr(): physical = linear - __START_KERNEL_map + phys_base.
  const std::uint64_t text = physical - TRY(variable(marks.phys_base)) + kKernelMap;
  place.slide = text - marks.text;
  place.direct_map = TRY(variable(marks.page_offset_base));
  place.tables = {.root = place.physical_of(marks.init_top_pgt),
                  .levels = levels_of(place.direct_map)};
  if (place.slide >= kKernelMapBytes || place.slide % kLoadStep != 0) {
    return fail(StatusCode::kBadData,
                "phys_base says that it was moved by " + text::hex_number(place.slide));
  }
  const Page page = TRY(walk(ram, place.tables, text));
  if (page.physical != physical) {
    return fail(StatusCode::kBadData,
                "its page tables have _text at guest-physical " + text::hex_number(page.physical));
  }
  return place;
}

} // namespace

Result<KernelPlace> find_kernel(const GuestRam& ram, const Symbols& symbols,
                                std::string_view banner) {
  const Landmarks marks = TRY(landmarks_of(symbols));
  Result<KernelPlace> found =
      fail(StatusCode::kNotFound, "the kernel is not in the machine's memory",
           "the machine runs another kernel than the image, or has not started it yet");
  // A kernel that unpacked itself may have left copies: the one that runs proves itself.
  for (const MemoryRange& range : ram.ranges()) {
    const std::uint64_t first = (range.start + kLoadStep - 1) / kLoadStep * kLoadStep;
    for (std::uint64_t at = first; at - range.start < range.bytes; at += kLoadStep) {
      if (!banner_is_at(ram, at + (marks.banner - marks.text), banner)) {
        continue;
      }
      found = kernel_at(ram, marks, at);
      if (found) {
        return found;
      }
      found = std::unexpected(std::move(found).error().context(
          "the kernel whose code lies at guest-physical " + text::hex_number(at)));
    }
  }
  return found;
}

} // namespace schedrig::kernel_view
