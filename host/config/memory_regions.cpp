// SPDX-License-Identifier: MIT
#include "host/config/memory_regions.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "host/config/readers.hpp"
#include "host/text/size.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::uint64_t kPageBytes = 4096;
// Each is a memory slot of a virtual machine or two; nobody tells more apart.
constexpr std::size_t kMostRegions = 64;

constexpr std::array kCacheWords = {Word{"coherent", MemoryCache::kCoherent},
                                    Word{"noncoherent", MemoryCache::kNoncoherent}};

void read_cache(Decoder& decoder, const FieldInfo& info, const Node& value, MemoryCache& to) {
  if (const auto word = decoder.word<MemoryCache>(info, value, kCacheWords)) {
    to = *word;
  }
}

constexpr std::array kRegionFields = {
    string_key<&MemoryRegionConfig::name>("name", "what reports call it", {.required = true}),
    size_key<&MemoryRegionConfig::bytes>("size",
                                         "its size; one region may leave it out and gets the rest",
                                         {.minimum = kMiB, .maximum = kMiB * kMiB}),
    custom_key<&MemoryRegionConfig::cache, read_cache>(
        "cache", FieldKind::kString,
        "noncoherent: the guest's own page memory types count, as far as the host can do it",
        {.default_value = "coherent", .forms = one_word<kCacheWords>}),
    bool_key<&MemoryRegionConfig::required>("required",
                                            "no machine rather than one without that cache type",
                                            {.default_value = "false"}),
};
static_assert(well_formed<MemoryRegionConfig>(kRegionFields));

bool is_name(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool check_region(Decoder& decoder, const MemoryRegionConfig& region,
                  const std::vector<MemoryRegionConfig>& before) {
  const std::string what = "memory region \"" + region.name + "\"";
  if (!is_name(region.name)) {
    decoder.error(region.pos, what + ": not a name", "use a-z, 0-9, _ and -");
  } else if (std::ranges::find(before, region.name, &MemoryRegionConfig::name) != before.end()) {
    decoder.error(region.pos, what + " stands twice", "give each region a name of its own");
  } else if (region.bytes % kPageBytes != 0) {
    decoder.error(region.pos, what + ": " + text::format_size(region.bytes) + " is not whole pages",
                  "use a multiple of 4 KiB");
  } else {
    return true;
  }
  return false;
}

} // namespace

void read_memory_regions(Decoder& decoder, const FieldInfo& info, const Node& value,
                         std::vector<MemoryRegionConfig>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  if (value.items.size() > kMostRegions) {
    decoder.error(value.pos, std::to_string(value.items.size()) + " memory regions",
                  "at most " + std::to_string(kMostRegions));
    return;
  }
  for (const Node& item : value.items) {
    const std::size_t errors = decoder.errors();
    MemoryRegionConfig region;
    region.pos = item.pos;
    decode_table<MemoryRegionConfig>(decoder, item, "a memory region", kRegionFields, region);
    if (decoder.errors() == errors && check_region(decoder, region, to)) {
      to.push_back(std::move(region));
    }
  }
}

std::span<const Form> memory_region_forms() {
  return list_of<a_table<MemoryRegionConfig, kRegionFields>>();
}

void share_memory(Decoder& decoder, const Node& machine, MachineConfig& to) {
  if (to.regions.empty()) {
    return;
  }
  std::uint64_t given = 0; // at most kMostRegions of 1 TiB: no overflow
  MemoryRegionConfig* rest = nullptr;
  for (MemoryRegionConfig& region : to.regions) {
    given += region.bytes;
    if (region.bytes == 0 && rest != nullptr) {
      decoder.error(region.pos, "a second memory region without a size",
                    "only one can have what the others leave");
      return;
    }
    rest = region.bytes == 0 ? &region : rest;
  }
  const bool fits = rest == nullptr ? given == to.memory_bytes : given < to.memory_bytes;
  if (!fits) {
    const Node* memory = machine.find("memory");
    decoder.error(memory == nullptr ? machine.pos : memory->pos,
                  "the memory regions add up to " + text::format_size(given) +
                      ", the machine's memory is " + text::format_size(to.memory_bytes),
                  rest == nullptr ? "make them equal, or leave one region's size out"
                                  : "leave something for the region without a size");
    return;
  }
  if (rest != nullptr) {
    rest->bytes = to.memory_bytes - given;
  }
}

} // namespace schedrig::config
