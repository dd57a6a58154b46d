// SPDX-License-Identifier: MIT
#include "host/cli/report_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "host/cli/report_file.hpp"

namespace schedrig::cli {

namespace fs = std::filesystem;

namespace {

std::string numbered(const std::string& path, std::uint64_t number) {
  std::error_code error;
  const bool no_file = fs::exists(path, error) && !fs::is_regular_file(path, error);
  if (path.empty() || path == "-" || no_file) {
    return path;
  }
  const fs::path whole(path);
  return (whole.parent_path() /
          (whole.stem().string() + "." + std::to_string(number) + whole.extension().string()))
      .string();
}

} // namespace

bool ReportPaths::takes_stdout() const {
  return std::ranges::find(paths_, "-") != paths_.end();
}

ReportPaths ReportPaths::of_run(std::uint64_t number) const {
  ReportPaths one;
  for (const ReportFormatInfo& info : kReportFormats) {
    if (info.format != ReportFormat::kJson) {
      one[info.format] = numbered((*this)[info.format], number);
    }
  }
  return one;
}

Result<> check_report_paths(const ReportPaths& paths, bool several_runs) {
  for (const ReportFormatInfo& info : kReportFormats) {
    const std::string& path = paths[info.format];
    if (path.empty()) {
      continue;
    }
    for (const ReportFormatInfo& other : kReportFormats) {
      if (other.format < info.format && paths[other.format] == path) {
        return fail(StatusCode::kInvalidArgument,
                    std::string(other.option) + " and " + std::string(info.option) +
                        " both go to " + (path == "-" ? "stdout" : path),
                    "give each report a place of its own");
      }
    }
    if (path == "-" && several_runs && info.one_a_stream) {
      return fail(StatusCode::kInvalidArgument, std::string(info.option) + " - goes with one run",
                  "name a file: each run writes its own, with its number");
    }
    if (path != "-") {
      TRY(check_report_file(info.option, path));
    }
  }
  return {};
}

} // namespace schedrig::cli
