// SPDX-License-Identifier: MIT
// gzip, by zlib. The only file that includes it.
#include <algorithm>
#include <limits>

#include <zlib.h>

#include "host/kernel/decompress.hpp"

namespace schedrig::kernel {

Result<Bytes> decompress_gzip(ByteView data, std::uint64_t max_bytes) {
  z_stream stream{};
  // 15 window bits, plus 16: expect a gzip header (zlib.h, inflateInit2).
  if (inflateInit2(&stream, 15 + 16) != Z_OK) {
    return fail(StatusCode::kOs, "zlib gave no decoder");
  }
  constexpr std::uint64_t kMaxChunk = std::numeric_limits<uInt>::max();
  Bytes out;
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::uint64_t>(data.size(), kMaxChunk));
  std::string problem;
  while (true) {
    const std::size_t produced = stream.total_out;
    if (produced == out.size() && !grow(out, max_bytes)) {
      problem = "gzip data unpacks to more than " + std::to_string(max_bytes) + " bytes";
      break;
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + produced;
    stream.avail_out = static_cast<uInt>(std::min<std::uint64_t>(out.size() - produced, kMaxChunk));
    const int ret = inflate(&stream, Z_NO_FLUSH);
    if (ret == Z_STREAM_END) {
      break;
    }
    if (ret != Z_OK) {
      problem = ret == Z_BUF_ERROR ? "gzip data is cut short" : "gzip data is corrupt";
      break;
    }
    if (stream.avail_in == 0 && stream.avail_out > 0) {
      problem = "gzip data is cut short";
      break;
    }
  }
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (!problem.empty()) {
    return fail(StatusCode::kBadData, problem);
  }
  return out;
}

} // namespace schedrig::kernel
