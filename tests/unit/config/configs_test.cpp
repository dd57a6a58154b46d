// SPDX-License-Identifier: MIT
// Every file of configs/ decodes without an error: what we ship is right.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(SCHEDRIG_SOURCE_DIR) / "configs";
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".toml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

class Configs : public testing::TestWithParam<std::string> {};

TEST_P(Configs, decodes_without_an_error) {
  const LoadedConfig loaded = load_file((folder() / (GetParam() + ".toml")).string());
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.name, GetParam()) << "a file is named as its run";
}

INSTANTIATE_TEST_SUITE_P(Files, Configs, testing::ValuesIn(files()),
                         [](const auto& file) { return file.param; });

TEST(EveryLandedOp, holds_each_op_that_has_landed) {
  std::set<std::string_view> used;
  const auto note = [&](const std::vector<Op>& ops) {
    for (const Op& op : ops) {
      used.insert(op_info(op.body).name);
    }
  };
  // What needs a real kernel is in the others.
  for (const char* file :
       {"every_landed_op.toml", "kvm/kernel_memory.toml", "kvm/watch.toml", "kvm/snapshots.toml"}) {
    const LoadedConfig loaded = load_file((folder() / file).string());
    ASSERT_EQ(errors_of(loaded), "");
    note(loaded.scenario.backdrop.ops);
    for (const Step& step : loaded.scenario.steps) {
      note(step.ops);
    }
  }
  for (const OpInfo& info : op_infos()) {
    EXPECT_EQ(used.contains(info.name), info.landed) << info.name;
  }
}

TEST(Quickstart, is_small_and_short) {
  const LoadedConfig loaded = load_file((folder() / "quickstart.toml").string());
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_LE(cpu_count(loaded.scenario.machine.topology.view()), 4U);
  EXPECT_LE(loaded.scenario.machine.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(loaded.scenario.run.scheduler, "eevdf");
}

} // namespace
} // namespace schedrig::config
