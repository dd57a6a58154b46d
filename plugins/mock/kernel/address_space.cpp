// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/address_space.hpp"

#include <string>

#include <schedrig/prng.hpp>

namespace schedrig::mock {
namespace {

// Stream number of Prng, beside those of the engine and the workers.
constexpr std::uint64_t kKaslrStream = 900;

// CONFIG_PHYSICAL_START; the smallest machine has room for all steps of KASLR.
constexpr std::uint64_t kLoadedAt = 16ULL << 20U;
constexpr std::uint64_t kLoadSteps = 8;
constexpr std::uint64_t kSlideSteps = 400; // of 2 MiB: the image stays in its GiB

// Documentation/arch/x86/x86_64/mm.rst: the direct map and the addresses of
// stacks without KASLR; with it, whole GiB further.
constexpr std::uint64_t kDirectMap4 = 0xffff'8880'0000'0000;
constexpr std::uint64_t kDirectMap5 = 0xff11'0000'0000'0000;
constexpr std::uint64_t kVmalloc4 = 0xffff'c900'0000'0000;
constexpr std::uint64_t kVmalloc5 = 0xffa0'0000'0000'0000;
constexpr std::uint64_t kRegionSteps = 1'000;

// Intel SDM volume 3, 4.5
constexpr std::uint32_t kPageShift = 12;
constexpr std::uint32_t kIndexBits = 9;
constexpr std::uint64_t kIndexMask = (1U << kIndexBits) - 1;
constexpr std::uint64_t kTableFlags = 0x63; // present, writable, accessed, dirty
constexpr std::uint64_t kPageSize = 0x80;
constexpr std::uint64_t kAddressMask = 0x000f'ffff'ffff'f000;
constexpr std::uint32_t kLevelOf4KiB = 1;
constexpr std::uint32_t kLevelOf2MiB = 2;
constexpr std::uint32_t kLevelOf1GiB = 3;
constexpr std::uint64_t kGiB = 1ULL << 30U;

} // namespace

AddressSpace::AddressSpace(std::uint64_t memory_bytes, const KernelOptions& options,
                           std::uint64_t seed)
    : ram_(memory_bytes), levels_(options.paging_levels), physical_(kLoadedAt),
      direct_map_(levels_ == 4 ? kDirectMap4 : kDirectMap5),
      vmalloc_(levels_ == 4 ? kVmalloc4 : kVmalloc5), next_free_(0) {
  if (options.kaslr) {
    Prng random(seed, kKaslrStream);
    physical_ += random.below(kLoadSteps) * layout::kImageBytes;
    slide_ = (1 + random.below(kSlideSteps)) * layout::kImageBytes;
    direct_map_ += random.below(kRegionSteps) * kGiB;
    vmalloc_ += random.below(kRegionSteps) * kGiB;
  }
  next_free_ = physical_ + layout::kImageBytes;
}

Result<> AddressSpace::map_all() {
  TRY(map(image(0), physical_, kLevelOf2MiB));
  for (std::uint64_t at = 0; at < ram_.bytes(); at += kGiB) {
    TRY(map(direct(at), at, kLevelOf1GiB));
  }
  ram_.put(image_physical(layout::kPageOffsetBase), direct_map_);
  ram_.put(image_physical(layout::kVmallocBase), vmalloc_);
  // __phys_addr() of arch/x86/include/asm/page_64.h adds it to what lies in the kernel's map.
  ram_.put(image_physical(layout::kPhysBase), physical_ - (image(0) - layout::kKernelMap));
  return {};
}

Result<> AddressSpace::map_stack(std::uint32_t number) {
  const std::uint64_t pages = TRY(allocate(layout::kStackBytes, layout::kPageBytes));
  for (std::uint64_t at = 0; at < layout::kStackBytes; at += layout::kPageBytes) {
    TRY(map(stack(number) + at, pages + at, kLevelOf4KiB));
  }
  stacks_.push_back(pages);
  return {};
}

Result<> AddressSpace::map(std::uint64_t linear, std::uint64_t physical, std::uint32_t page_level) {
  std::uint64_t table = cr3();
  for (std::uint32_t level = levels_;; --level) {
    const std::uint32_t shift = kPageShift + kIndexBits * (level - 1);
    const std::uint64_t entry = table + ((linear >> shift) & kIndexMask) * sizeof(std::uint64_t);
    if (level == page_level) {
      ram_.put(entry, physical | kTableFlags | (level == kLevelOf4KiB ? 0 : kPageSize));
      return {};
    }
    auto below = ram_.get<std::uint64_t>(entry);
    if (below == 0) {
      below = TRY(allocate(layout::kPageBytes, layout::kPageBytes)) | kTableFlags;
      ram_.put(entry, below);
    }
    table = below & kAddressMask;
  }
}

std::optional<std::uint64_t> AddressSpace::physical_of(std::uint64_t linear) const {
  if (linear - image(0) < layout::kImageBytes) {
    return linear - image(0) + physical_;
  }
  if (linear - direct_map_ < ram_.bytes()) {
    return linear - direct_map_;
  }
  const std::uint64_t number = (linear - vmalloc_) / (2 * layout::kStackBytes);
  const std::uint64_t in_stack = (linear - vmalloc_) % (2 * layout::kStackBytes);
  if (linear >= vmalloc_ && number < stacks_.size() && in_stack < layout::kStackBytes) {
    return stacks_[number] + in_stack;
  }
  return std::nullopt;
}

Result<std::uint64_t> AddressSpace::allocate(std::uint64_t bytes, std::uint64_t alignment) {
  const std::uint64_t at = (next_free_ + alignment - 1) / alignment * alignment;
  if (!ram_.contains(at, bytes)) {
    return fail(StatusCode::kUnsupported,
                "the machine's memory of " + std::to_string(ram_.bytes() >> 20U) +
                    " MiB is full of its kernel's objects",
                "give the machine more memory");
  }
  next_free_ = at + bytes;
  return at;
}

} // namespace schedrig::mock
