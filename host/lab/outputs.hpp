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
      : wanted_(wanted), contents_(wanted.size()), rests_(wanted.size()) {}

  // kFileName, kFileData and kFileEnd frames. Errors: kBadData (an index that was not asked for,
  // too much data, a name that leads elsewhere), kOs (cannot write the file here).
  Result<> on_name(std::string_view payload);
  Result<> on_data(std::string_view payload);
  Result<> on_end(const FileEnd& end);

  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  struct Piece {
    std::uint32_t index;
    std::string_view bytes;
  };
  [[nodiscard]] Result<Piece> piece_of(std::string_view payload) const;

  const std::vector<OutputFile>& wanted_;
  std::vector<std::string> contents_;
  std::vector<std::string> rests_; // of the names of families' files that are on their way
  std::vector<std::string> missing_;
  std::uint64_t total_ = 0;
};

} // namespace schedrig::lab
