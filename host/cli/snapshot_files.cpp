// SPDX-License-Identifier: MIT
#include "host/cli/snapshot_files.hpp"

#include <filesystem>
#include <system_error>

#include "host/cli/report_file.hpp"

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

bool json_is_a_file(const ReportPaths& paths) {
  const std::string& json = paths[ReportFormat::kJson];
  std::error_code error;
  const bool no_file = fs::exists(json, error) && !fs::is_regular_file(json, error);
  return !json.empty() && json != "-" && !no_file;
}

std::string base_of(const ReportPaths& paths, const Scenario& scenario) {
  const std::string& json = paths[ReportFormat::kJson];
  if (json_is_a_file(paths)) {
    return (fs::path(json).parent_path() / fs::path(json).stem()).string();
  }
  return snapshot_files_start_of_several(scenario) + std::to_string(scenario.run.seed);
}

} // namespace

std::string snapshot_files_start_of_several(const Scenario& scenario) {
  return (fs::path(scenario.report.dir) / (file_name(scenario.run.name) + ".seed-")).string();
}

std::string snapshot_files_start(const ReportPaths& paths, const Scenario& scenario) {
  return base_of(paths, scenario) + ".snapshot-";
}

SnapshotFiles::SnapshotFiles(const ReportPaths& paths, const Scenario& scenario)
    : start_(snapshot_files_start(paths, scenario)), beside_report_(json_is_a_file(paths)) {}

Result<std::string> SnapshotFiles::keep(const std::string& name, const std::string& document) {
  const std::string stem = start_ + file_name(name);
  std::string path = stem + ".json";
  for (int number = 2; !kept_.insert(path).second; ++number) {
    path = stem + "_" + std::to_string(number) + ".json";
  }
  std::error_code error;
  if (const fs::path folder = fs::path(path).parent_path(); !folder.empty()) {
    fs::create_directories(folder, error);
  }
  if (auto written = write_report_file(path, document); !written) {
    return std::unexpected(std::move(written).error().context("snapshot \"" + name + "\""));
  }
  return path;
}

} // namespace schedrig::cli
