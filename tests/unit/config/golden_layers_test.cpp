// SPDX-License-Identifier: MIT
// Configs of several layers with mistakes: every folder of tests/golden/config_layers holds
// main.toml, what it extends, perhaps overlay.toml and `sets` (one --set a line), and the messages.
// Renewed as those of golden_test.cpp.
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

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path(SCHEDRIG_SOURCE_DIR) / "tests/golden/config_layers";
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder())) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

LoadOptions options_here() {
  LoadOptions options;
  if (fs::exists("overlay.toml")) {
    options.overlays.emplace_back("overlay.toml");
  }
  std::ifstream sets("sets");
  for (std::string line; std::getline(sets, line);) {
    options.sets.push_back(line);
  }
  return options;
}

class GoldenLayers : public testing::TestWithParam<std::string> {};

TEST_P(GoldenLayers, the_messages_are_those_that_are_kept) {
  fs::current_path(folder() / GetParam());
  const LoadedConfig loaded = load_file("main.toml", options_here());
  EXPECT_FALSE(loaded.ok());
  const std::string messages = errors_of(loaded);
  if (std::getenv("SCHEDRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream("expected", std::ios::binary) << messages;
    GTEST_SKIP() << "written: " << fs::current_path() / "expected";
  }
  std::ostringstream kept;
  kept << std::ifstream("expected", std::ios::binary).rdbuf();
  EXPECT_EQ(messages, kept.str());
}

INSTANTIATE_TEST_SUITE_P(Folders, GoldenLayers, testing::ValuesIn(cases()),
                         [](const auto& name) { return name.param; });

TEST(GoldenLayersFolder, holds_what_the_count_promises) {
  EXPECT_GE(cases().size(), 25U);
}

} // namespace
} // namespace schedrig::config
