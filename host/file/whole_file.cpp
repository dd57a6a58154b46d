// SPDX-License-Identifier: MIT
#include "host/file/whole_file.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "host/process/unique_fd.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;

constexpr char kHelp[] = "give a file in a directory that exists and can be written, with room";

Result<> write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno != EINTR) {
      return fail_errno(errno, "cannot write " + path.string(), kHelp);
    }
    content.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return {};
}

Result<> replace(const fs::path& path, const fs::path& by) {
  if (::rename(by.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(by.c_str());
    return fail_errno(error, "cannot replace " + path.string(), kHelp);
  }
  return {};
}

} // namespace

Result<> write_whole_file(const fs::path& path, std::string_view content, std::uint32_t mode) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const fs::path other = parent / ("." + path.filename().string() + ".new");
  const UniqueFd nameless(::open(parent.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
  if (!nameless.valid()) {
    // The directory's file system has no nameless files (or is not there: then this fails too).
    const UniqueFd named(::open(other.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!named.valid()) {
      return fail_errno(errno, "cannot write " + path.string(), kHelp);
    }
    if (auto written = write_all(named.get(), content, path); !written) {
      ::unlink(other.c_str());
      return written;
    }
    return replace(path, other);
  }
  TRY(write_all(nameless.get(), content, path));
  const std::string self = "/proc/self/fd/" + std::to_string(nameless.get());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return {};
  }
  if (errno != EEXIST) {
    return fail_errno(errno, "cannot write " + path.string(), kHelp);
  }
  // A name cannot be replaced by linkat: take another, then rename over the old file.
  ::unlink(other.c_str());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, other.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return fail_errno(errno, "cannot replace " + path.string(), kHelp);
  }
  return replace(path, other);
}

} // namespace schedrig
