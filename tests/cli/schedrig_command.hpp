// SPDX-License-Identifier: MIT
// What the tests of the command line share: calling it, and files for it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/run_command.hpp"

namespace schedrig {

namespace fs = std::filesystem;
using test::CommandResult;

inline const std::string kSchedrig = SCHEDRIG_BINARY;
inline const std::string kSource = SCHEDRIG_SOURCE_DIR;

inline CommandResult schedrig(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kSchedrig);
  return test::run_command(std::move(arguments));
}

// A file in the tests' folder that is gone after the test.
class ScenarioFile {
 public:
  explicit ScenarioFile(const std::string& text, const std::string& name = "scenario")
      : path_(fs::path(testing::TempDir()) /
              ("schedrig-cli-" + std::to_string(getpid()) + "-" + name + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~ScenarioFile() { fs::remove(path_); }
  ScenarioFile(const ScenarioFile&) = delete;
  ScenarioFile& operator=(const ScenarioFile&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Two workers that spin for 200 ms of a machine with two CPUs.
inline constexpr char kSpin[] = R"(schema = 1
[run]
duration = "1s"
[machine]
topology = "1n1l2c1t"
[[step]]
name = "spin"
hold = "200ms"
[[step.cgroup]]
name = "a"
work = [ { type = "spin", workers = 2 } ]
)";

} // namespace schedrig
