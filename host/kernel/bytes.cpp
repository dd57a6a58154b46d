// SPDX-License-Identifier: MIT
// Implementation of the whole-file read.
#include "host/kernel/bytes.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/process/unique_fd.hpp"

namespace schedrig::kernel {

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO by mistake must not wait for a writer.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const int reason = errno;
    auto error = fail_errno(reason, "cannot open " + path.string());
    if (reason == ENOENT) {
      return fail(StatusCode::kNotFound, error.error().message);
    }
    return error;
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) {
    return fail_errno(errno, "cannot stat " + path.string());
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(StatusCode::kBadData, path.string() + " is not a regular file");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > max_bytes) {
    return fail(StatusCode::kBadData, path.string() + " has " + std::to_string(size) +
                                          " bytes, more than the " + std::to_string(max_bytes) +
                                          " that are read");
  }
  Bytes bytes(size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail_errno(errno, "cannot read " + path.string());
    }
    if (n == 0) {
      break; // it shrank while we read
    }
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

} // namespace schedrig::kernel
