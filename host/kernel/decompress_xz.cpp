// SPDX-License-Identifier: MIT
// xz, by liblzma's stream decoder. The only file that includes it.
#include <lzma.h>

#include "host/kernel/decompress.hpp"

namespace schedrig::kernel {

Result<Bytes> decompress_xz(ByteView data, std::uint64_t max_bytes) {
  constexpr std::uint64_t kDecoderMemory = 256U << 20U; // twice what xz -9e needs
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kDecoderMemory, 0) != LZMA_OK) {
    return fail(StatusCode::kOs, "liblzma gave no decoder");
  }
  Bytes out;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(data.data());
  stream.avail_in = data.size();
  std::string problem;
  while (true) {
    const std::size_t produced = stream.total_out;
    if (produced == out.size() && !grow(out, max_bytes)) {
      problem = "xz data unpacks to more than " + std::to_string(max_bytes) + " bytes";
      break;
    }
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data()) + produced;
    stream.avail_out = out.size() - produced;
    const lzma_ret ret = lzma_code(&stream, LZMA_RUN);
    if (ret == LZMA_STREAM_END) {
      break;
    }
    if (ret != LZMA_OK) {
      problem = ret == LZMA_BUF_ERROR ? "xz data is cut short" : "xz data is corrupt";
      break;
    }
    if (stream.avail_in == 0 && stream.avail_out > 0) {
      problem = "xz data is cut short";
      break;
    }
  }
  out.resize(stream.total_out);
  lzma_end(&stream);
  if (!problem.empty()) {
    return fail(StatusCode::kBadData, problem);
  }
  return out;
}

} // namespace schedrig::kernel
