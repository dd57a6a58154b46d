// SPDX-License-Identifier: MIT
// Gives a VM its RAM: a memory slot for each range of each region, with the region's cache type.
//
// Errors: the refused ioctl by name; kUnsupported for a required type that is not to be had.
// Thread: before vCPUs exist. Ownership: the guest's memory stays the caller's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <schedrig/memory_regions.hpp>
#include <schedrig/result.hpp>

#include "guest_memory.hpp"
#include "memory_cache.hpp"

namespace schedrig::kvm {

// What became of a region. In two slots, that of the one that fared worse.
struct RegionCache {
  std::string name;
  CacheResult result;
};

// `regions` add up to the memory; none: all of it is coherent, and nothing is reported. `cpu`:
// whose CPU to take this one for; by default as KVM says.
[[nodiscard]] Result<std::vector<RegionCache>>
set_memory_slots(int kvm_fd, int vm_fd, const GuestMemory& memory,
                 std::span<const MemoryRegion> regions, std::optional<CpuVendor> cpu = {});

} // namespace schedrig::kvm
