// SPDX-License-Identifier: MIT
// Decompression of kernel payloads and modules: zstd, xz and gzip, recognised by their magic.
//
// One library per implementation file. Output is bounded before it is produced: a bomb ends as
// kBadData, not as an exhausted machine. Thread: any.
#pragma once

#include <cstdint>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

enum class Compression { kNone, kZstd, kXz, kGzip, kLz4, kUnknown };

// By the first bytes. kNone means an ELF file lies there uncompressed.
Compression compression_of(ByteView data);
const char* to_string(Compression compression);

// Decompresses the first stream in `data`; bytes after its end are ignored (the kernel's build
// appends the size). Errors: kBadData (corrupt, cut short, larger than max_bytes), kUnsupported
// (lz4 or an unknown format).
Result<Bytes> decompress(ByteView data, std::uint64_t max_bytes);

// One each, in decompress_<name>.cpp.
Result<Bytes> decompress_zstd(ByteView data, std::uint64_t max_bytes);
Result<Bytes> decompress_xz(ByteView data, std::uint64_t max_bytes);
Result<Bytes> decompress_gzip(ByteView data, std::uint64_t max_bytes);

// Grows `out` for the next piece of output: doubling, never above max_bytes. False: it is full.
inline bool grow(Bytes& out, std::uint64_t max_bytes) {
  constexpr std::uint64_t kFirst = 1U << 20U;
  const std::uint64_t wanted = out.empty() ? kFirst : out.size() * 2;
  const std::uint64_t next = wanted < max_bytes ? wanted : max_bytes;
  if (next <= out.size()) {
    return false;
  }
  out.resize(next);
  return true;
}

} // namespace schedrig::kernel
