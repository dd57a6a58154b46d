// SPDX-License-Identifier: MIT
#include "host/cli/payload_programs.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>

#include "host/text/quote.hpp"

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

engine::Missing absent(const PayloadDef& payload, std::string_view key, const std::string& path) {
  return {.pos = payload.pos,
          .key = key,
          .message =
              "payload " + text::quote(payload.name) + ": there is no file " + text::quote(path),
          .help = "paths are relative to the file that says them; a program that is to be found in "
                  "PATH is a name without a slash"};
}

} // namespace

std::optional<fs::path> find_program(const std::string& name) {
  if (name.contains('/')) {
    return fs::path(name);
  }
  const char* const path = std::getenv("PATH");
  std::istringstream dirs(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string dir; std::getline(dirs, dir, ':');) {
    fs::path candidate = fs::path(dir) / name;
    if (dir.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::nullopt;
}

std::vector<engine::Missing> missing_payload_files(const Scenario& scenario) {
  std::vector<engine::Missing> missing;
  for (const PayloadDef& payload : scenario.payloads) {
    const auto program = find_program(payload.binary);
    if (!program) {
      missing.push_back({.pos = payload.pos,
                         .key = "binary",
                         .message = "payload " + text::quote(payload.name) + ": " +
                                    text::quote(payload.binary) + " is in no directory of PATH",
                         .help = "give its path, such as \"./" + payload.binary +
                                 "\", or install it on this host"});
    } else if (!is_file(*program)) {
      missing.push_back(absent(payload, "binary", payload.binary));
    }
    for (const std::string& file : payload.files) {
      std::error_code error;
      if (!fs::exists(file, error)) {
        missing.push_back(absent(payload, "files", file));
      }
    }
  }
  return missing;
}

} // namespace schedrig::cli
