// SPDX-License-Identifier: MIT
// Virtqueue: the device's side of a split virtqueue. Everything in it was written by the guest.
//
// Source: virtio 1.2, 2.7. Indirect descriptors and event indices are not offered. A chain is
// copied to private memory, then checked, then used; a queue that breaks a rule is an error that
// ends the device until the driver resets it. Thread: the holder of the device lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <schedrig/result.hpp>

#include "../guest_memory.hpp"

namespace schedrig::kvm {

inline constexpr std::uint16_t kMaxQueueSize = 128; // Linux posts one buffer per slot: 512 KiB
// The largest chain that is believed: Linux's console writes at most 32 KiB at a time.
inline constexpr std::uint64_t kMaxChainBytes = 1ULL << 20;
inline constexpr std::uint16_t kNoVector = 0xffff; // VIRTIO_MSI_NO_VECTOR

struct VirtqueueState {
  std::uint16_t size = kMaxQueueSize;
  std::uint16_t vector = kNoVector;
  bool enabled = false;
  Gpa descriptors = 0; // 16 bytes each
  Gpa available = 0;   // driver area
  Gpa used = 0;        // device area
  std::uint16_t next_available = 0;
  std::uint16_t next_used = 0;
};

struct Chain {
  std::uint16_t head = 0;
  std::uint64_t readable_bytes = 0;
  std::uint64_t writable_bytes = 0;
  std::vector<std::span<std::byte>> readable;
  std::vector<std::span<std::byte>> writable;
};

// Before a queue is enabled: size a power of two up to kMaxQueueSize, areas aligned and in RAM.
[[nodiscard]] Result<> validate(const GuestMemory& memory, const VirtqueueState& queue);

// Takes the next chain. False: none is available. Requires an enabled queue. Errors (kBadData):
// more available than the queue holds, an index out of range, a loop, a buffer outside RAM, a
// readable buffer after a writable one, an indirect descriptor, too many bytes.
[[nodiscard]] Result<bool> pop(const GuestMemory& memory, VirtqueueState& queue, Chain& chain);

// Gives a chain back. Requires a chain that pop gave.
void push(const GuestMemory& memory, VirtqueueState& queue, std::uint16_t head,
          std::uint32_t written);

// False when the driver asked not to be interrupted.
[[nodiscard]] bool wants_interrupt(const GuestMemory& memory, const VirtqueueState& queue);

} // namespace schedrig::kvm
