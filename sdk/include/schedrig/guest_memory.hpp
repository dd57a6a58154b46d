// SPDX-License-Identifier: MIT
// The memory facet: the machine's RAM by guest-physical address, in batches. Which addresses a
// kernel target means is the host's business (docs/adr/0009-guest-memory.md).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// What one batch may hold; more is kInvalidArgument.
inline constexpr std::uint32_t kMaxMemoryAccesses = 65'536;
inline constexpr std::uint32_t kMaxMemoryBytes = 1024 * 1024; // of all accesses together

// RAM from `start` on; a machine may have several, with holes between them.
struct MemoryRange {
  std::uint64_t start = 0; // guest-physical
  std::uint64_t bytes = 0;
};

enum class MemoryAccessKind : std::uint32_t {
  kRead = 0,
  kWrite = 1,
  // Sets the bits of `from`. Of 4 bytes at a multiple of 4: one atomic read-modify-write. Anything
  // else: byte by byte, within a freeze window (freeze.hpp) only.
  kOr = 2,
};

// 4 or 8 bytes at a multiple of their number are read and written with one atomic access; other
// lengths and places byte by byte, in no order that the machine's CPUs could rely on.
struct MemoryAccess {
  MemoryAccessKind kind = MemoryAccessKind::kRead;
  std::uint32_t reserved = 0;
  std::uint64_t address = 0;          // guest-physical
  std::span<std::uint8_t> into;       // kRead: filled; its size is what is read
  std::span<const std::uint8_t> from; // kWrite, kOr
};

class MemoryRangeSink {
 public:
  virtual void on_range(const MemoryRange& range) noexcept = 0;

 protected:
  ~MemoryRangeSink() = default;
};

class MemoryFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.memory/1";

  // [host-thread] The machine's RAM, ascending, without overlap; the same for its whole life.
  virtual void ranges(MemoryRangeSink& sink) noexcept = 0;

  // [host-thread] All accesses, in order, behind them a release fence. Every access is checked
  // before the first is done: after kInvalidArgument, which leaves the place of the bad one in
  // *failed, nothing has been read or written. After other errors *failed is not set, and what was
  // done is unknown. The machine may run meanwhile; from boot() until shut_down().
  virtual Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept = 0;

 protected:
  ~MemoryFacet() = default;
};

} // namespace schedrig
