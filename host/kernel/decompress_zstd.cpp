// SPDX-License-Identifier: MIT
// zstd, by libzstd's streaming decoder. The only file that includes it.
#include <memory>

#include <zstd.h>

#include "host/kernel/decompress.hpp"

namespace schedrig::kernel {

Result<Bytes> decompress_zstd(ByteView data, std::uint64_t max_bytes) {
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  const std::unique_ptr<ZSTD_DStream, Free> stream(ZSTD_createDStream());
  if (stream == nullptr) {
    return fail(StatusCode::kOs, "libzstd gave no decoder");
  }
  // The kernel is packed with windows of up to 128 MiB (zstd -22 --ultra in scripts/Makefile.lib).
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, 27);
  Bytes out;
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  std::size_t produced = 0;
  while (true) {
    if (produced == out.size() && !grow(out, max_bytes)) {
      return fail(StatusCode::kBadData,
                  "zstd data unpacks to more than " + std::to_string(max_bytes) + " bytes");
    }
    ZSTD_outBuffer buffer{out.data(), out.size(), produced};
    const std::size_t left = ZSTD_decompressStream(stream.get(), &buffer, &in);
    if (ZSTD_isError(left) != 0) {
      return fail(StatusCode::kBadData,
                  std::string("zstd data is corrupt: ") + ZSTD_getErrorName(left));
    }
    const bool stuck = buffer.pos == produced && in.pos == in.size;
    produced = buffer.pos;
    if (left == 0) {
      out.resize(produced);
      return out;
    }
    if (stuck) {
      return fail(StatusCode::kBadData, "zstd data is cut short");
    }
  }
}

} // namespace schedrig::kernel
