// SPDX-License-Identifier: MIT
#include "template/ram_file.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "template/checksum.hpp"
#include "template/struct_codec.hpp"
#include "vmm/layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kChunkBytes = 1ULL << 20;

std::uint64_t chunk_count(std::uint64_t bytes) {
  return (bytes + kChunkBytes - 1) / kChunkBytes;
}

Result<> read_fully(int fd, std::span<std::byte> into, std::uint64_t offset) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail_errno(got < 0 ? errno : EIO, "read guest memory at " + std::to_string(offset));
    }
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<> write_fully(int fd, ByteView data, std::uint64_t offset) {
  while (!data.empty()) {
    const ssize_t wrote = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return fail_errno(wrote < 0 ? errno : EIO, "write guest memory at " + std::to_string(offset));
    }
    data = data.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

// Pages that are all zeros stay holes.
Result<> write_pages(int fd, ByteView chunk, std::uint64_t offset) {
  const auto is_zero = [&](std::size_t at) {
    const auto page = chunk.subspan(at, std::min<std::size_t>(kPageSize, chunk.size() - at));
    return std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; });
  };
  for (std::size_t at = 0; at < chunk.size();) {
    std::size_t end = at;
    while (end < chunk.size() && !is_zero(end)) {
      end += kPageSize;
    }
    end = std::min(end, chunk.size());
    TRY(write_fully(fd, chunk.subspan(at, end - at), offset + at));
    at = end + (end < chunk.size() ? kPageSize : 0);
  }
  return {};
}

// Hands every chunk that may hold data to `use`, in order; the others are holes.
using UseChunk = std::function<Result<>(std::uint64_t chunk, ByteView bytes)>;
Result<> for_each_chunk(const RamImage& image, const UseChunk& use) {
  std::vector<std::byte> buffer(kChunkBytes);
  for (std::uint64_t chunk = 0; chunk < chunk_count(image.bytes);) {
    const off_t data = ::lseek(image.fd.get(), static_cast<off_t>(chunk * kChunkBytes), SEEK_DATA);
    if (data < 0) {
      if (errno == ENXIO) {
        return {};
      }
      return fail_errno(errno, "look for data in guest memory");
    }
    chunk = static_cast<std::uint64_t>(data) / kChunkBytes;
    const std::uint64_t offset = chunk * kChunkBytes;
    if (offset >= image.bytes) {
      return {};
    }
    const auto bytes = std::span(buffer).first(std::min(kChunkBytes, image.bytes - offset));
    TRY(read_fully(image.fd.get(), bytes, offset));
    TRY(use(chunk, bytes));
    ++chunk;
  }
  return {};
}

} // namespace

Result<RamSums> write_ram(const RamImage& image, const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(image.bytes)) != 0) {
    return fail_errno(errno, "create " + path);
  }
  RamSums sums{.bytes = image.bytes,
               .chunks = std::vector<std::uint64_t>(chunk_count(image.bytes))};
  TRY(for_each_chunk(image, [&](std::uint64_t chunk, ByteView bytes) -> Result<> {
    sums.chunks[chunk] = checksum(bytes);
    return write_pages(fd.get(), bytes, chunk * kChunkBytes);
  }));
  return sums;
}

Result<RamImage> read_ram(const std::string& path, const RamSums& sums) {
  RamImage image{.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)),
                 .bytes = sums.bytes};
  struct stat status{};
  if (!image.fd || ::fstat(image.fd.get(), &status) != 0) {
    return fail_errno(errno, "open " + path);
  }
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != sums.bytes) {
    return fail(StatusCode::kBadData, path + ": " + std::to_string(status.st_size) + " bytes of " +
                                          std::to_string(sums.bytes) + " of guest memory");
  }
  std::vector<std::uint64_t> found(sums.chunks.size());
  TRY(for_each_chunk(image, [&](std::uint64_t chunk, ByteView bytes) -> Result<> {
    found[chunk] = checksum(bytes);
    return {};
  }));
  const auto differs = std::ranges::mismatch(found, sums.chunks).in1;
  if (differs != found.end()) {
    return fail(StatusCode::kBadData, path + ": guest memory is damaged in its mebibyte " +
                                          std::to_string(differs - found.begin()));
  }
  return image;
}

Bytes encode_ram_sums(const RamSums& sums) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(sums.bytes);
  for (const std::uint64_t chunk : sums.chunks) {
    out.put(chunk);
  }
  return bytes;
}

Result<RamSums> decode_ram_sums(ByteView bytes) {
  ByteReader in(bytes);
  RamSums sums;
  sums.bytes = in.get<std::uint64_t>();
  const std::uint64_t chunks = chunk_count(sums.bytes);
  if (in.failed() || sums.bytes == 0 || sums.bytes > kMaxMemoryBytes ||
      sums.bytes % kPageSize != 0 ||
      chunks != (bytes.size() - sizeof sums.bytes) / sizeof(std::uint64_t)) {
    return fail(StatusCode::kBadData, "saved machine: malformed checksums of memory");
  }
  sums.chunks.resize(chunks);
  for (std::uint64_t& chunk : sums.chunks) {
    chunk = in.get<std::uint64_t>();
  }
  if (!in.complete()) {
    return fail(StatusCode::kBadData, "saved machine: malformed checksums of memory");
  }
  return sums;
}

} // namespace schedrig::kvm
