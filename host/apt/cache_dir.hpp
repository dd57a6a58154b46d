// SPDX-License-Identifier: MIT
// Where schedrig caches what it fetched, and how an entry gets there: whole or not at all.
//
// An entry is a directory. It is built under a name that starts with ".incoming-", locked with
// flock(2) while its maker lives, and renamed into place when complete. A maker that died leaves
// an unlocked ".incoming-" directory: no reader looks at it, and the next maker removes it.
// Knows nothing about what entries contain. Thread: any.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <schedrig/result.hpp>

#include "host/process/unique_fd.hpp"

namespace schedrig::apt {

// ${XDG_CACHE_HOME:-$HOME/.cache}/schedrig; XDG's rule that a relative value is ignored holds.
// Errors: kNotFound when neither is set.
Result<std::filesystem::path> cache_root();

// An entry in the making; its destructor removes what was not published.
class StagingDir {
 public:
  // Makes `parent` and a fresh directory in it, after removing what dead makers left there.
  static Result<StagingDir> make(const std::filesystem::path& parent);
  StagingDir(StagingDir&&) noexcept = default;
  StagingDir& operator=(StagingDir&&) = delete;
  ~StagingDir();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Renames the directory to parent/name. An entry of that name that is already there stays,
  // and ours is dropped: equal names mean equal content.
  Result<> publish(const std::string& name);

 private:
  StagingDir(std::filesystem::path path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

// Holds `path` (made if need be) locked for one fetcher at a time. Waits up to `deadline`.
// Errors: kTimeout when another process holds it longer than that.
Result<UniqueFd> lock_file(const std::filesystem::path& path, std::chrono::seconds deadline);

} // namespace schedrig::apt
