// SPDX-License-Identifier: MIT
// Implementation of the cache's directories: XDG lookup, locked staging, publish by rename.
#include "host/apt/cache_dir.hpp"

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace schedrig::apt {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kIncoming = ".incoming-";

UniqueFd open_directory(const fs::path& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void remove_abandoned(const fs::path& parent) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
    if (!entry.path().filename().string().starts_with(kIncoming)) {
      continue;
    }
    const UniqueFd fd = open_directory(entry.path());
    if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      std::error_code ignored; // a leftover that resists does no harm: nobody reads it
      fs::remove_all(entry.path(), ignored);
    }
  }
}

} // namespace

Result<fs::path> cache_root() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && xdg[0] == '/') {
    return fs::path(xdg) / "schedrig";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return fs::path(home) / ".cache" / "schedrig";
  }
  return fail(StatusCode::kNotFound, "no cache directory: neither XDG_CACHE_HOME nor HOME is set",
              "set one of them to an absolute path");
}

Result<StagingDir> StagingDir::make(const fs::path& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) {
    return fail_errno(error.value(), "cannot make " + parent.string());
  }
  remove_abandoned(parent);
  // Between mkdir and flock a cleaner may take the new directory for an abandoned one: then the
  // name no longer leads to what we locked, and a second try gets a fresh one.
  for (int attempt = 0; attempt < 8; ++attempt) {
    std::string name = (parent / (std::string(kIncoming) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
      return fail_errno(errno, "cannot make a directory in " + parent.string());
    }
    UniqueFd fd = open_directory(name);
    if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && fs::exists(name, error)) {
      return StagingDir(name, std::move(fd));
    }
  }
  return fail(StatusCode::kOs, "cannot lock a new directory in " + parent.string());
}

StagingDir::~StagingDir() {
  if (lock_.valid() && !path_.empty()) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
}

Result<> StagingDir::publish(const std::string& name) {
  const fs::path target = path_.parent_path() / name;
  // mkdtemp made it private; a cache entry is as readable as the umask of its owner would have it.
  ::chmod(path_.c_str(), 0755);
  if (::rename(path_.c_str(), target.c_str()) == 0) {
    path_.clear();
    return {};
  }
  if (errno == EEXIST || errno == ENOTEMPTY) {
    return {};
  }
  return fail_errno(errno, "cannot move " + path_.string() + " to " + target.string());
}

Result<UniqueFd> lock_file(const fs::path& path, std::chrono::seconds deadline) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) {
    return fail_errno(errno, "cannot open " + path.string());
  }
  // flock has no deadline of its own; polling it is the only way that needs no signal.
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno(errno, "cannot lock " + path.string());
    }
    if (std::chrono::steady_clock::now() >= end) {
      return fail(StatusCode::kTimeout,
                  "another process has held " + path.string() + " for " +
                      std::to_string(deadline.count()) + " s",
                  "wait for the other schedrig to finish");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fd;
}

} // namespace schedrig::apt
