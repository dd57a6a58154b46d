// SPDX-License-Identifier: MIT
// What layers mean where nothing is wrong; golden_layers_test.cpp has the mistakes.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/config/layers.hpp"
#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

namespace fs = std::filesystem;

// A folder of files, and the current one while a test runs.
class Layered : public testing::Test {
 protected:
  Layered() {
    fs::create_directories(folder_);
    fs::current_path(folder_);
  }
  ~Layered() override {
    fs::current_path("/");
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  static void write(const std::string& path, const std::string& text) {
    if (fs::path(path).has_parent_path()) {
      fs::create_directories(fs::path(path).parent_path());
    }
    std::ofstream(path) << "schema = 1\n" << text;
  }
  static const SourcePos& place_of_seed(const LoadedConfig& loaded) {
    return loaded.document.find("run")->find("seed")->pos;
  }

 private:
  fs::path folder_ = fs::path(testing::TempDir()) / ("layers-" + std::to_string(getpid()));
};

constexpr char kStep[] = "[[step]]\nhold = \"1s\"\n";

TEST_F(Layered, tables_merge_and_everything_else_is_replaced) {
  write("base.toml", "[run]\nseed = 1\nduration = \"3s\"\n[machine]\ntopology = \"1n1l2c1t\"\n"
                     "[[step]]\nhold = \"1s\"\n[[step]]\nhold = \"2s\"\n");
  write("main.toml", "extends = [\"base.toml\"]\n[run]\nseed = 2\n[[step]]\nhold = \"5s\"\n");
  const LoadedConfig loaded = load_file("main.toml");
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.seed, 2U);
  EXPECT_EQ(loaded.scenario.run.duration_ns, 3'000'000'000);
  EXPECT_EQ(cpu_count(loaded.scenario.machine.topology.view()), 2U);
  ASSERT_EQ(loaded.scenario.steps.size(), 1U);
  EXPECT_EQ(std::get<HoldFixed>(loaded.scenario.steps[0].hold).duration_ns, 5'000'000'000);
}

TEST_F(Layered, the_order_is_bases_file_overlays_sets) {
  write("low.toml", "[run]\nseed = 1\n");
  write("high.toml", "[run]\nseed = 2\n");
  write("both.toml", std::string("extends = [\"low.toml\", \"high.toml\"]\n") + kStep);
  write("main.toml",
        std::string("extends = [\"low.toml\", \"high.toml\"]\n[run]\nseed = 3\n") + kStep);
  write("one.toml", "[run]\nseed = 4\n");
  write("two.toml", "[run]\nseed = 5\n");
  EXPECT_EQ(load_file("both.toml").scenario.run.seed, 2U);
  EXPECT_EQ(load_file("main.toml").scenario.run.seed, 3U);
  EXPECT_EQ(load_file("main.toml", {.overlays = {"two.toml", "one.toml"}}).scenario.run.seed, 4U);
  EXPECT_EQ(load_file("main.toml", {.overlays = {"one.toml", "two.toml"}}).scenario.run.seed, 5U);
  EXPECT_EQ(
      load_file("main.toml", {.overlays = {"one.toml"}, .sets = {"run.seed=6"}}).scenario.run.seed,
      6U);
}

TEST_F(Layered, extends_is_relative_to_the_file_that_says_it) {
  write("shared/machines/small.toml", "[machine]\ntopology = \"1n1l1c1t\"\n");
  write("shared/base.toml", "extends = [\"machines/small.toml\"]\n[run]\nseed = 9\n");
  write("runs/main.toml", std::string("extends = [\"../shared/base.toml\"]\n") + kStep);
  const LoadedConfig loaded = load_file("runs/main.toml");
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.seed, 9U);
  EXPECT_EQ(cpu_count(loaded.scenario.machine.topology.view()), 1U);
  EXPECT_EQ(loaded.scenario.files, (std::vector<std::string>{"runs/main.toml", "shared/base.toml",
                                                             "shared/machines/small.toml"}));
}

TEST_F(Layered, a_file_below_two_others_is_read_once) {
  write("root.toml", "[run]\nseed = 1\nduration = \"4s\"\n");
  write("left.toml", "extends = [\"root.toml\"]\n[run]\nseed = 2\n");
  write("right.toml", "extends = [\"./root.toml\"]\n");
  write("main.toml", std::string("extends = [\"left.toml\", \"right.toml\"]\n") + kStep);
  const LoadedConfig loaded = load_file("main.toml");
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.sources.size(), 4U);
  EXPECT_EQ(loaded.scenario.run.seed, 1U) << "right.toml lies above left.toml, with all it extends";
  EXPECT_EQ(loaded.scenario.run.duration_ns, 4'000'000'000);
}

TEST_F(Layered, a_tower_of_diamonds_takes_no_longer_than_its_files) {
  write("0.toml", "[run]\nseed = 7\n");
  constexpr int kLevels = 30; // 2^30 paths
  for (int i = 1; i <= kLevels; ++i) {
    const std::string below = std::to_string(i - 1) + ".toml";
    write(std::to_string(i) + ".toml", "extends = [\"" + below + "\", \"" + below + "\"]\n");
  }
  write("main.toml", "extends = [\"" + std::to_string(kLevels) + ".toml\"]\n" + kStep);
  const LoadedConfig loaded = load_file("main.toml");
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.seed, 7U);
}

TEST_F(Layered, too_many_files_are_refused) {
  write("0.toml", "");
  for (std::size_t i = 1; i <= kMaxFiles; ++i) {
    write(std::to_string(i) + ".toml", "extends = [\"" + std::to_string(i - 1) + ".toml\"]\n");
  }
  const LoadedConfig loaded = load_file(std::to_string(kMaxFiles) + ".toml");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].message, "the config has more than 64 files");
}

TEST_F(Layered, many_files_share_the_bounds_of_one) {
  const std::string half(kMaxFileBytes / 2, '#');
  write("one.toml", half);
  write("two.toml", half);
  write("main.toml", std::string("extends = [\"one.toml\", \"two.toml\"]\n") + kStep);
  const LoadedConfig loaded = load_file("main.toml");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].message, "with this file the config has more bytes than 4194304");
}

TEST_F(Layered, every_value_keeps_the_place_that_it_came_from) {
  write("base.toml", "[run]\nseed = 1\nduration = \"3s\"\n");
  write("main.toml", std::string("extends = [\"base.toml\"]\n") + kStep);
  write("over.toml", "\n\n[run]\nseed = 2\n");
  const LoadedConfig plain = load_file("main.toml");
  EXPECT_EQ(plain.sources[place_of_seed(plain).file].name, "base.toml");
  EXPECT_EQ(place_of_seed(plain).line, 3U);
  const LoadedConfig over = load_file("main.toml", {.overlays = {"over.toml"}});
  EXPECT_EQ(over.sources[place_of_seed(over).file].kind, SourceKind::kOverlay);
  EXPECT_EQ(place_of_seed(over).line, 5U);
  const LoadedConfig set = load_file("main.toml", {.sets = {"run={ seed = 3 }"}});
  EXPECT_EQ(set.sources[place_of_seed(set).file].kind, SourceKind::kSet);
  EXPECT_EQ(set.scenario.run.duration_ns, 3'000'000'000) << "a table given by --set merges, too";
}

TEST_F(Layered, folders_of_plugins_are_relative_to_the_file_that_names_them) {
  write("shared/base.toml", "[plugins]\npath = [\"mine\", \"/abs\"]\n");
  write("main.toml", std::string("extends = [\"shared/base.toml\"]\n") + kStep);
  write("own.toml", std::string("[plugins]\npath = [\"mine\"]\n") + kStep);
  const std::string here = fs::current_path().string();
  EXPECT_EQ(load_file("main.toml").scenario.plugin_path,
            (std::vector<std::string>{here + "/shared/mine", "/abs"}));
  EXPECT_EQ(load_file("own.toml").scenario.plugin_path, (std::vector<std::string>{"mine"}))
      << "of the config itself: as it stands";
}

TEST_F(Layered, paths_of_programs_are_relative_to_the_file_that_names_them) {
  const auto payload = [](const std::string& binary) {
    return "[[payload]]\nname = \"p\"\nbinary = \"" + binary + "\"\n";
  };
  const auto binary = [](const LoadedConfig& loaded) {
    return loaded.scenario.payloads.at(0).binary;
  };
  write("shared/base.toml", payload("../bench"));
  write("extends.toml", std::string("extends = [\"shared/base.toml\"]\n") + kStep);
  EXPECT_EQ(binary(load_file("extends.toml")), "./bench") << "still a path, not a name";
  write("own.toml", payload("tools/bench") + kStep);
  EXPECT_EQ(binary(load_file("own.toml")), "tools/bench");
  EXPECT_EQ(binary(load_file("own.toml", {.sets = {"payload[0].binary=\"x/y\""}})), "x/y");
  write("shared/name.toml", payload("bench") + kStep);
  EXPECT_EQ(binary(load_file("shared/name.toml")), "bench");
  write("shared/absolute.toml", payload("/bin/bench") + kStep);
  EXPECT_EQ(binary(load_file("shared/absolute.toml")), "/bin/bench");
  write("shared/files.toml", payload("bench") + "files = [\"a.json\", \"/b.json\"]\n" + kStep);
  EXPECT_EQ(load_file("shared/files.toml").scenario.payloads.at(0).files,
            (std::vector<std::string>{"shared/a.json", "/b.json"}));
}

TEST_F(Layered, a_choice_is_one_value_and_does_not_merge) {
  write("main.toml", "[[backdrop.cgroup]]\nname = \"a\"\ncpuset = { llc = 0 }\n"
                     "work = [ { type = \"spin\", affinity = { exact = \"0\" } } ]\n"
                     "[[step]]\nhold = { every = \"10ms\", for = \"1s\" }\n");
  const LoadedConfig loaded = load_file(
      "main.toml",
      {.sets = {"backdrop.cgroup[0].cpuset={ numa = 0 }", "step[0].hold={ for = \"500ms\" }"}});
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_TRUE(std::holds_alternative<NumaCpus>(*loaded.scenario.backdrop.cgroups[0].cpuset));
  EXPECT_EQ(std::get<HoldLoop>(loaded.scenario.steps[0].hold).every_ns, 10'000'000);
}

} // namespace
} // namespace schedrig::config
