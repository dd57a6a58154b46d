// SPDX-License-Identifier: MIT
// What `check` says of every file of tests/golden/check, against what is kept beside it: mistakes
// of several layers, all at once. With SCHEDRIG_UPDATE_GOLDEN=1 in the environment the messages are
// written instead, for review.
#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

fs::path folder() {
  return fs::path(kSource) / "tests/golden/check";
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".toml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

// Without what differs from one machine to the next.
std::string without_folders(const std::string& text) {
  const std::string named = std::regex_replace(text, std::regex(folder().string() + "/"), "");
  return std::regex_replace(named, std::regex("; searched [^\n]*"), "; searched ...");
}

class CheckGolden : public testing::TestWithParam<std::string> {};

TEST_P(CheckGolden, the_messages_are_those_that_are_kept) {
  // The host is left out: what it has differs.
  const CommandResult result =
      schedrig({"check", "--skip", "host", (folder() / (GetParam() + ".toml")).string()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  const std::string messages = without_folders(result.err);
  const auto kept = folder() / (GetParam() + ".expected");
  if (std::getenv("SCHEDRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kept, std::ios::binary) << messages;
    GTEST_SKIP() << "written: " << kept;
  }
  std::ostringstream expected;
  expected << std::ifstream(kept, std::ios::binary).rdbuf();
  EXPECT_EQ(messages, expected.str());
}

INSTANTIATE_TEST_SUITE_P(Files, CheckGolden, testing::ValuesIn(cases()),
                         [](const auto& file) { return file.param; });

} // namespace
} // namespace schedrig
