// SPDX-License-Identifier: MIT
// Recognises compression formats and hands over to the one library that knows each.
#include "host/kernel/decompress.hpp"

#include <algorithm>
#include <array>

namespace schedrig::kernel {
namespace {

struct Magic {
  Compression compression;
  std::size_t length;
  std::array<unsigned char, 6> bytes;
};

// linux lib/decompress.c knows the same formats by the same first bytes.
constexpr std::array<Magic, 5> kMagics = {{
    {Compression::kNone, 4, {0x7f, 'E', 'L', 'F'}},
    {Compression::kZstd, 4, {0x28, 0xb5, 0x2f, 0xfd}},
    {Compression::kXz, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
    {Compression::kGzip, 2, {0x1f, 0x8b}},
    {Compression::kLz4, 4, {0x02, 0x21, 0x4c, 0x18}},
}};

} // namespace

Compression compression_of(ByteView data) {
  for (const Magic& magic : kMagics) {
    if (data.size() >= magic.length &&
        std::equal(magic.bytes.begin(), magic.bytes.begin() + static_cast<long>(magic.length),
                   data.begin(), [](unsigned char a, std::byte b) { return std::byte{a} == b; })) {
      return magic.compression;
    }
  }
  return Compression::kUnknown;
}

const char* to_string(Compression compression) {
  switch (compression) {
  case Compression::kNone:
    return "none";
  case Compression::kZstd:
    return "zstd";
  case Compression::kXz:
    return "xz";
  case Compression::kGzip:
    return "gzip";
  case Compression::kLz4:
    return "lz4";
  case Compression::kUnknown:
    break;
  }
  return "unknown";
}

Result<Bytes> decompress(ByteView data, std::uint64_t max_bytes) {
  const Compression compression = compression_of(data);
  switch (compression) {
  case Compression::kNone:
    if (data.size() > max_bytes) {
      return fail(StatusCode::kBadData, "uncompressed payload is too large");
    }
    return Bytes(data.begin(), data.end());
  case Compression::kZstd:
    return decompress_zstd(data, max_bytes);
  case Compression::kXz:
    return decompress_xz(data, max_bytes);
  case Compression::kGzip:
    return decompress_gzip(data, max_bytes);
  case Compression::kLz4:
  case Compression::kUnknown:
    break;
  }
  return fail(StatusCode::kUnsupported,
              std::string("cannot decompress: the format is ") + to_string(compression),
              "schedrig reads zstd, xz and gzip");
}

} // namespace schedrig::kernel
