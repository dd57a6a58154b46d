// SPDX-License-Identifier: MIT
#include "host/kernel_view/kernel_memory.hpp"

#include <algorithm>
#include <vector>

#include "host/kernel_view/page_walk.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint64_t kKernelHalf = 1ULL << 63U;
constexpr std::uint64_t kPageBytes = 4096;

} // namespace

Result<> KernelMemory::read(std::uint64_t address, std::span<std::uint8_t> into) const {
  if (address < kKernelHalf) {
    return fail(StatusCode::kBadData, text::hex_number(address) + " is no address of the kernel's");
  }
  const std::uint64_t physical = address - place_.direct_map;
  if (address >= place_.direct_map && ram_.contains(physical, into.size())) {
    return ram_.read(physical, into);
  }
  auto places = places_of(ram_, place_.tables, address, into.size());
  if (!places) {
    places.error().code = StatusCode::kBadData;
    return std::unexpected(std::move(places).error());
  }
  for (const MemoryRange& place : *places) {
    if (auto done = ram_.read(place.start, into.first(place.bytes)); !done) {
      done.error().code = StatusCode::kBadData;
      return done;
    }
    into = into.subspan(place.bytes);
  }
  return {};
}

Result<std::string> KernelMemory::read_text(std::uint64_t address, std::size_t most) const {
  std::string text;
  while (text.size() < most) {
    const std::uint64_t at = address + text.size();
    const auto part = std::min<std::uint64_t>(most - text.size(), kPageBytes - (at % kPageBytes));
    std::vector<std::uint8_t> bytes(part);
    TRY(read(at, bytes));
    const auto end = std::ranges::find(bytes, std::uint8_t{0});
    text.append(bytes.begin(), end);
    if (end != bytes.end()) {
      break;
    }
  }
  return text;
}

} // namespace schedrig::kernel_view
