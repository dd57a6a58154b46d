// SPDX-License-Identifier: MIT
// LineFile: a file that grows line by line. Each line is one write(2), so that a process that is
// killed leaves whole lines. Thread: one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/process/unique_fd.hpp"

namespace schedrig::cli {

class LineFile {
 public:
  // Empties the file that is there; "-" is stdout. Errors: kOs.
  static Result<LineFile> open(const std::string& path);

  // After the first error nothing more is written.
  void write(std::string_view line);
  // The first error of write().
  [[nodiscard]] Result<> close();

 private:
  LineFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::optional<Error> error_;
};

} // namespace schedrig::cli
