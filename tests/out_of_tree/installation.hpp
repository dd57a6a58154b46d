// SPDX-License-Identifier: MIT
// The installation that set_up.cmake has made and moved, and a place to work in.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/run_command.hpp"

namespace schedrig {

namespace fs = std::filesystem;
using test::CommandResult;

inline const fs::path kBuild = SCHEDRIG_BUILD;
inline const fs::path kScratch = SCHEDRIG_SCRATCH;
inline const fs::path kInstalled = kScratch / "moved to"; // a blank has broken many a script

inline CommandResult installed(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (kInstalled / "bin" / program).string());
  return test::run_command(std::move(arguments));
}
inline CommandResult installed_schedrig(std::vector<std::string> arguments) {
  return installed("schedrig", std::move(arguments));
}

// With this build's generator: the default one needs make, which may not be there.
inline CommandResult shell(const fs::path& folder, const std::string& commands) {
  setenv("CMAKE_GENERATOR", SCHEDRIG_GENERATOR, 1);
  setenv("CXX", SCHEDRIG_COMPILER, 1);
  return test::run_command({"/bin/sh", "-c", "cd \"$0\" && " + commands, folder.string()});
}

inline std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A fresh folder of the running test.
inline fs::path own_folder() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = kScratch / (std::string(info->test_suite_name()) + "." + info->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

} // namespace schedrig
