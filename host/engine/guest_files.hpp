// SPDX-License-Identifier: MIT
// GuestFiles: the files facet as single calls with errors that name the operation and the path.
// Thread: host. Errors: kOs with the machine's errno, or the facet's own status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/files.hpp>
#include <schedrig/result.hpp>

namespace schedrig::engine {

class GuestFiles {
 public:
  explicit GuestFiles(FilesFacet& facet) : facet_(facet) {}

  Result<std::string> read(std::string_view path);
  Result<> write(std::string_view path, std::string_view data);
  Result<> mkdir(std::string_view path);
  Result<> rmdir(std::string_view path);

  // The facet has said that the machine no longer answers.
  [[nodiscard]] bool lost() const noexcept { return lost_; }

 private:
  Result<std::string> run(FileOpKind kind, std::string_view path, std::string_view data);

  FilesFacet& facet_;
  bool lost_ = false;
};

} // namespace schedrig::engine
