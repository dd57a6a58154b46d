// SPDX-License-Identifier: MIT
// Regions of a machine's memory and whether the guest's own page memory types count in them.
// A backend says what became of each as the fact "memory.NAME.cache" (docs/reference/memory.md).
// Views are valid during the call that they are passed to. Thread: any (plain data).
#pragma once

#include <cstdint>
#include <string_view>

namespace schedrig {

enum class MemoryCache : std::uint32_t {
  kCoherent = 0,    // the host's type (write-back) rules, whatever the guest's page tables say
  kNoncoherent = 1, // the weaker of the guest's and the host's type
};

struct MemoryRegion {
  std::string_view name;
  std::uint64_t bytes = 0; // whole pages
  MemoryCache cache = MemoryCache::kCoherent;
  std::uint32_t required = 0; // 1: no machine rather than one without the type asked for
};

} // namespace schedrig
