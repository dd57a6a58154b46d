// SPDX-License-Identifier: MIT
#include "host/kernel_view/guest_ram.hpp"

#include <algorithm>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

class Ranges final : public MemoryRangeSink {
 public:
  void on_range(const MemoryRange& range) noexcept override { all.push_back(range); }
  std::vector<MemoryRange> all;
};

} // namespace

GuestRam::GuestRam(MemoryFacet& memory) : memory_(memory) {
  Ranges ranges;
  memory.ranges(ranges);
  ranges_ = std::move(ranges.all);
}

bool GuestRam::contains(std::uint64_t address, std::uint64_t bytes) const noexcept {
  return std::ranges::any_of(ranges_, [&](const MemoryRange& range) {
    return address >= range.start && address - range.start <= range.bytes &&
           bytes <= range.bytes - (address - range.start);
  });
}

Result<> GuestRam::read(std::uint64_t address, std::span<std::uint8_t> into) const {
  if (!contains(address, into.size())) {
    return fail(StatusCode::kInvalidArgument, "no RAM at guest-physical " +
                                                  text::hex_number(address) + ", of " +
                                                  std::to_string(into.size()) + " bytes");
  }
  while (!into.empty()) {
    const auto part = into.first(std::min<std::size_t>(into.size(), kMaxMemoryBytes));
    const MemoryAccess access{.address = address, .into = part, .from = {}};
    std::uint32_t failed = 0;
    TRY(from_status(memory_.access({&access, 1}, &failed)));
    address += part.size();
    into = into.subspan(part.size());
  }
  return {};
}

} // namespace schedrig::kernel_view
