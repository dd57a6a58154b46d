// SPDX-License-Identifier: MIT
// Every malformed file of tests/golden/config against the messages that are kept beside it. With
// SCHEDRIG_UPDATE_GOLDEN=1 in the environment the messages are written instead, for review.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(SCHEDRIG_SOURCE_DIR) / "tests/golden/config";
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".toml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, the_messages_are_those_that_are_kept) {
  const std::string name = GetParam() + ".toml";
  const LoadedConfig loaded = load_text(read_whole(folder() / name), name);
  EXPECT_FALSE(loaded.ok());
  const std::string messages = errors_of(loaded);
  const auto kept = folder() / (GetParam() + ".expected");
  if (std::getenv("SCHEDRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kept, std::ios::binary) << messages;
    GTEST_SKIP() << "written: " << kept;
  }
  EXPECT_EQ(messages, read_whole(kept));
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(cases()),
                         [](const auto& file) { return file.param; });

TEST(GoldenFolder, holds_what_the_count_promises) {
  EXPECT_GE(cases().size(), 41U);
}

} // namespace
} // namespace schedrig::config
