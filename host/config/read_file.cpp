// SPDX-License-Identifier: MIT
#include "host/config/read_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace schedrig::config {
namespace {

Result<std::string> read_open_file(int fd, std::size_t limit) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return fail_errno(errno, "fstat");
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(StatusCode::kInvalidArgument, "not a regular file", "name a .toml file");
  }
  std::string text;
  for (;;) {
    constexpr std::size_t kChunk = 64U << 10U;
    const std::size_t have = text.size();
    text.resize(have + kChunk);
    const ssize_t got = ::read(fd, text.data() + have, kChunk);
    if (got < 0 && errno != EINTR) {
      return fail_errno(errno, "read");
    }
    text.resize(have + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got == 0) {
      return text;
    }
    if (text.size() > limit) {
      return fail(StatusCode::kInvalidArgument,
                  "the file has more than " + std::to_string(limit) + " bytes",
                  "no scenario needs that: look for a mistake in what wrote the file");
    }
  }
}

} // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return fail_errno(errno, "open", errno == ENOENT ? "check the path" : "");
  }
  auto text = read_open_file(fd, limit);
  ::close(fd);
  return text;
}

} // namespace schedrig::config
