// SPDX-License-Identifier: MIT
// Receives report files from the lab and writes them to their places. Internal to host/lab.
//
// Content is kept in memory, bounded, until its file is complete: a lab that is lost in the
// middle, or a killed schedrig, leaves no half report. Thread: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/lab/frame.hpp"
#include "host/lab/lab.hpp"

namespace schedrig::lab {

class OutputReceiver {
 public:
  explicit OutputReceiver(const std::vector<OutputFile>& wanted)
      : wanted_(wanted), contents_(wanted.size()) {}

  // kFileData and kFileEnd frames. Errors: kBadData (an index that was not asked for, too much
  // data), kOs (cannot write the file here).
  Result<> on_data(std::string_view payload);
  Result<> on_end(const FileEnd& end);

  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  const std::vector<OutputFile>& wanted_;
  std::vector<std::string> contents_;
  std::vector<std::string> missing_;
  std::uint64_t total_ = 0;
};

// Writes a file that appears under its name complete or not at all.
Result<> write_whole_file(const std::filesystem::path& path, std::string_view content,
                          std::uint32_t mode);

} // namespace schedrig::lab
