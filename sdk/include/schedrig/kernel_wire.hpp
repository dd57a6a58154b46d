// SPDX-License-Identifier: MIT
// Wire format of kernel-memory operations (kernel_targets.hpp): requests and replies as bytes, for
// backends and dispatchers that carry them elsewhere. Lossless: decode(encode(x)) is x, and bytes
// that decode encode to the same bytes.
//
// Little-endian, packed. A string is a u16 length and UTF-8; bytes are a u32 length and bytes.
//   value    tag u8 (0 u32, 1 u64, 2 bytes, 3 or_u32), three zero bytes, length u32, payload
//   target   tag u8, then: 0 symbol: name; 1 direct: u64; 2 kva: u64; 3 per_cpu: symbol, field,
//            cpu u32; 4 task: pid u32, start u64, field; 5 map: name, field; 6 worker: cgroup,
//            index u32, field; 7 per_cpu of a struct that is said: as 3, type;
//            255 plugin: dispatcher, bytes
//   request  id u32, mode u8, direction u8, count u16, tag string, count x (target, value)
//   reply    id u32, status i32, failed entry u32, reason string, count u16, count x value
// A read's values have the width that is asked for, filled with zeros.
//
// Pure; owned values; thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/kernel_targets.hpp>

namespace schedrig {

// Longer messages are refused before anything is allocated for them.
inline constexpr std::size_t kMaxKernelMessageBytes = 1024UL * 1024;
inline constexpr std::size_t kMaxKernelTextBytes = 256; // tag, reason: lines for people
inline constexpr std::uint32_t kNoFailedEntry = UINT32_MAX;

enum class KernelAccessMode : std::uint8_t { kHot = 0, kCold = 1 };
enum class KernelAccess : std::uint8_t { kWrite = 0, kRead = 1 };

struct KernelRequest {
  std::uint32_t id = 0;
  KernelAccessMode mode = KernelAccessMode::kHot;
  KernelAccess access = KernelAccess::kWrite;
  std::string tag;
  std::vector<KernelWrite> entries;
};

struct KernelReply {
  std::uint32_t id = 0;
  std::int32_t status = 0; // 0 or -errno
  std::uint32_t failed_entry = kNoFailedEntry;
  std::string reason;
  std::vector<KernelValue> values;
};

enum class WireFault : std::uint32_t {
  kNone = 0,
  kTruncated,       // the message ends within a field
  kTrailingBytes,   // it goes on after its last field
  kTooLong,         // message, string or list beyond its limit
  kUnknownTag,      // of a value or target, or another enumeration
  kReservedNotZero, // a byte that must be zero
  kBadLength,       // a value's length is not that of its tag
  kBadText,         // a string is no UTF-8
};

// What is wrong and where; offset: of the field, in bytes.
struct WireError {
  WireFault fault = WireFault::kNone;
  std::size_t offset = 0;

  [[nodiscard]] bool ok() const noexcept { return fault == WireFault::kNone; }
};

// "unknown tag at byte 12".
[[nodiscard]] std::string to_string(const WireError& error);

// Appends to `out`, which is as it was after an error (its offset: where the message would be).
[[nodiscard]] WireError encode(const KernelRequest& request, std::vector<std::uint8_t>& out);
[[nodiscard]] WireError encode(const KernelReply& reply, std::vector<std::uint8_t>& out);

// The whole of `bytes` is one message. *out is set only on success.
[[nodiscard]] WireError decode(std::span<const std::uint8_t> bytes, KernelRequest* out);
[[nodiscard]] WireError decode(std::span<const std::uint8_t> bytes, KernelReply* out);

} // namespace schedrig
