// SPDX-License-Identifier: MIT
#include "host/cli/report_paths.hpp"

#include <algorithm>
#include <cctype>
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

std::string file_name(std::string_view name) {
  std::string letters(name);
  std::ranges::replace_if(
      letters,
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.';
      },
      '_');
  return letters;
}

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

ReportPaths ReportPaths::with_config(const ReportConfig& report, std::string_view run) const {
  const std::string name = file_name(run);
  ReportPaths all = *this;
  for (const ReportFormat format : report.formats) {
    const ReportFormatInfo& info = kReportFormats[static_cast<std::size_t>(format)];
    if (all[format].empty()) {
      all[format] = (fs::path(report.dir) / (name + std::string(info.ending))).string();
    }
  }
  return all;
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

Result<ReportPaths> final_report_paths(const ReportPaths& options, const ReportConfig& report,
                                       std::string_view run, bool several_runs) {
  ReportPaths paths = options.with_config(report, run);
  const std::string where = "[report] dir \"" + report.dir + "\"";
  if (!report.formats.empty()) {
    std::error_code error;
    fs::create_directories(report.dir, error);
    if (error) {
      return fail_errno(error.value(), where + " cannot be made", "name another folder");
    }
  }
  if (auto checked = check_report_paths(paths, several_runs); !checked) {
    return std::unexpected(std::move(checked).error().context(where));
  }
  return paths;
}

} // namespace schedrig::cli
