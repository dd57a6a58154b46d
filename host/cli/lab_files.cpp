// SPDX-License-Identifier: MIT
#include "host/cli/lab_files.hpp"

#include <system_error>

#include "host/cli/payload_programs.hpp"

namespace schedrig::cli {

namespace fs = std::filesystem;

std::vector<fs::path> lab_files(const Scenario& scenario, const std::string& config) {
  std::vector<fs::path> wanted(scenario.files.begin(), scenario.files.end());
  for (const std::string& dir : scenario.plugin_path) {
    wanted.push_back(fs::path(config).parent_path() / dir);
  }
  for (const PayloadDef& payload : scenario.payloads) {
    if (const auto program = find_program(payload.binary)) {
      wanted.push_back(*program);
    }
    wanted.insert(wanted.end(), payload.files.begin(), payload.files.end());
  }
  for (const SchedulerConfig& scheduler : scenario.schedulers) {
    for (const ConfigParam& param : scheduler.params) {
      const auto program = param.key == "binary"   ? find_program(param.text)
                           : param.key == "object" ? std::optional<fs::path>(param.text)
                                                   : std::nullopt;
      if (program) {
        wanted.push_back(*program);
      }
    }
  }
  std::vector<fs::path> found;
  for (const fs::path& path : wanted) {
    std::error_code error;
    if (fs::exists(path, error)) {
      found.push_back(fs::absolute(path, error).lexically_normal());
    }
  }
  return found;
}

} // namespace schedrig::cli
