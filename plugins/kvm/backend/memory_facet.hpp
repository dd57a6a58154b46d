// SPDX-License-Identifier: MIT
// The memory facet over the guest's mapped RAM. The guest runs meanwhile: 4 and 8 bytes at a
// multiple of their number are one access of the host CPU's. Thread: host thread.
#pragma once

#include <schedrig/guest_memory.hpp>

#include "vmm/guest_memory.hpp"

namespace schedrig::kvm {

class GuestMemoryAccess final : public MemoryFacet {
 public:
  // `memory` outlives it.
  explicit GuestMemoryAccess(const GuestMemory& memory) noexcept : memory_(memory) {}

  void ranges(MemoryRangeSink& sink) noexcept override;
  Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept override;

 private:
  const GuestMemory& memory_;
};

} // namespace schedrig::kvm
