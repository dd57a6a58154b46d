// SPDX-License-Identifier: MIT
// Which reports a run writes, and where to. Thread: host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>
#include <schedrig/scenario.hpp>

namespace schedrig::cli {

struct ReportFormatInfo {
  ReportFormat format = ReportFormat::kJson;
  std::string_view option; // that names its file
  std::string_view label;  // in plans
  std::string_view ending; // of its file in a directory of reports
  std::string_view help;
  bool one_a_stream = false; // two of them behind each other are none
};

// By ReportFormat.
inline constexpr std::array kReportFormats = {
    ReportFormatInfo{ReportFormat::kJson, "--json", "JSON", ".json",
                     "write the JSON document to this file; - for stdout"},
    ReportFormatInfo{ReportFormat::kEvents, "--events", "events", ".jsonl",
                     "write events as JSON lines to this file as the run goes; - for stdout"},
    ReportFormatInfo{ReportFormat::kKtap, "--ktap", "KTAP", ".ktap",
                     "write results as KTAP to this file; - for stdout", true},
    ReportFormatInfo{ReportFormat::kJunit, "--junit", "JUnit", ".xml",
                     "write results as JUnit XML to this file; - for stdout", true},
};

// A path for each format; empty: not written; "-": stdout.
class ReportPaths {
 public:
  [[nodiscard]] std::string& operator[](ReportFormat format) {
    return paths_[static_cast<std::size_t>(format)];
  }
  [[nodiscard]] const std::string& operator[](ReportFormat format) const {
    return paths_[static_cast<std::size_t>(format)];
  }

  // Whether a report is what stdout is for, and not the summary.
  [[nodiscard]] bool takes_stdout() const;

  // The paths for run `number` of several, from 1: "out/a.jsonl" becomes "out/a.3.jsonl". The JSON
  // document is not among them: there is one for all runs. Devices and pipes keep their names.
  [[nodiscard]] ReportPaths of_run(std::uint64_t number) const;

  // With the files that the config asks for in those formats that have no path yet: options win.
  // They are called after the run, in letters that every file system takes.
  [[nodiscard]] ReportPaths with_config(const ReportConfig& report, std::string_view run) const;

 private:
  std::array<std::string, kReportFormats.size()> paths_;
};

// The name in letters that every file system takes: others become '_'.
[[nodiscard]] std::string file_name(std::string_view name);

// Whether every report could be written where it is to go: no path twice, each writable, on stdout
// only what may follow itself there. Creates nothing.
[[nodiscard]] Result<> check_report_paths(const ReportPaths& paths, bool several_runs = false);

// The paths of a run whose scenario is known, checked, and the config's folder made. Options have
// been checked by themselves before.
[[nodiscard]] Result<ReportPaths> final_report_paths(const ReportPaths& options,
                                                     const ReportConfig& report,
                                                     std::string_view run, bool several_runs);

} // namespace schedrig::cli
