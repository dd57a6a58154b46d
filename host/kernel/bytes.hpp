// SPDX-License-Identifier: MIT
// Bounded little-endian reads from bytes that came from outside, and whole-file reads.
//
// Every kernel image, module and BTF blob is hostile input: nothing here reads past the end.
// Knows no format. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <type_traits>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::kernel {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// view[offset, offset + size), or false in `ok` when that is not inside. Overflow-safe.
inline bool inside(ByteView view, std::uint64_t offset, std::uint64_t size) {
  return offset <= view.size() && size <= view.size() - offset;
}

// Copies a T out of view; false when it does not lie inside. x86-64 is little-endian, as the
// formats read here are.
template <class T> bool read_at(ByteView view, std::uint64_t offset, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!inside(view, offset, sizeof(T))) {
    return false;
  }
  std::memcpy(&value, view.data() + offset, sizeof(T));
  return true;
}

// Reads a regular file. Errors: kNotFound, kOs, kBadData when it is larger than max_bytes
// (checked before anything is allocated).
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Larger than any distribution's kernel image or vmlinux without debug information.
inline constexpr std::uint64_t kMaxImageBytes = 512U << 20U;

} // namespace schedrig::kernel
