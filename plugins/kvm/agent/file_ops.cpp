// SPDX-License-Identifier: MIT
// read, write, mkdir, rmdir, list: one function each, errno out.
#include "agent/file_ops.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {
namespace {

using kvm::UniqueFd;

constexpr int kSafeOpen = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

FileResult error() {
  return {.os_errno = errno, .data = {}};
}

FileResult read_file(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | kSafeOpen));
  if (!fd) {
    return error();
  }
  FileResult result;
  // Files of procfs and sysfs have no size: read until the end. They are mostly below a page.
  char chunk[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return error();
    }
    if (got == 0) {
      return result;
    }
    if (result.data.size() + static_cast<std::size_t>(got) > kMaxFileBytes) {
      return {.os_errno = EFBIG, .data = {}};
    }
    result.data.append(chunk, static_cast<std::size_t>(got));
  }
}

FileResult write_file(const char* path, std::string_view data) {
  const UniqueFd fd(::open(path, O_WRONLY | kSafeOpen));
  if (!fd) {
    return error();
  }
  ssize_t wrote = 0;
  do {
    wrote = ::write(fd.get(), data.data(), data.size());
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) {
    return error();
  }
  return {.os_errno = static_cast<std::size_t>(wrote) == data.size() ? 0 : EIO, .data = {}};
}

bool is_directory(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR;
  }
  struct stat status{};
  return ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

FileResult list_directory(const char* path) {
  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path));
  if (!directory) {
    return error();
  }
  std::vector<std::pair<std::string, bool>> names;
  std::size_t bytes = 0;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      bytes += name.size() + 2;
      if (bytes > kMaxFileBytes) {
        return {.os_errno = EFBIG, .data = {}};
      }
      names.emplace_back(name, is_directory(::dirfd(directory.get()), *entry));
    }
    errno = 0;
  }
  if (errno != 0) {
    return error();
  }
  std::ranges::sort(names);
  FileResult result;
  result.data.reserve(bytes);
  for (const auto& [name, directory_entry] : names) {
    result.data += name;
    result.data += directory_entry ? "/\n" : "\n";
  }
  return result;
}

FileResult from_call(int returned) {
  return returned == 0 ? FileResult{} : error();
}

} // namespace

FileResult execute(const FileOp& op) {
  if (!op.path.starts_with('/') || op.path.find('\0') != std::string_view::npos) {
    return {.os_errno = EINVAL, .data = {}};
  }
  const std::string path(op.path);
  switch (op.kind) {
  case FileOpKind::kRead:
    return read_file(path.c_str());
  case FileOpKind::kWrite:
    return write_file(path.c_str(), op.data);
  case FileOpKind::kMkdir:
    return from_call(::mkdir(path.c_str(), 0755));
  case FileOpKind::kRmdir:
    return from_call(::rmdir(path.c_str()));
  case FileOpKind::kList:
    return list_directory(path.c_str());
  }
  return {.os_errno = EINVAL, .data = {}};
}

} // namespace schedrig::agent
