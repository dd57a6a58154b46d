// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

const std::string kBase = "schema = 1\n"
                          "[run]\nbackend = \"mock\"\nseed = 1\n"
                          "[backend.mock]\nfaults = [ { nth = 1 }, { nth = 2 } ]\n"
                          "[[step]]\nhold = \"1s\"\n[[step]]\nhold = \"2s\"\n";

std::string errors_with(std::vector<std::string> sets) {
  return errors_of(load(kBase, std::move(sets)));
}

TEST(Set, replaces_values_of_every_type) {
  const LoadedConfig loaded =
      load(kBase, {"run.seed=7", "run.backend=\"kvm\"", "checks.isolation=false",
                   "backend.mock.faults[1].nth=5", "step[1].hold=\"3s\"",
                   "machine={ memory = \"256MiB\" }", "plugins.path=[\"a\", \"b\"]"});
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.seed, 7U);
  EXPECT_EQ(loaded.scenario.run.backend, "kvm");
  EXPECT_FALSE(loaded.scenario.checks.isolation);
  EXPECT_EQ(loaded.scenario.machine.memory_bytes, 256ULL << 20U);
  EXPECT_EQ(loaded.scenario.plugin_path, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(loaded.scenario.backends.size(), 1U);
  EXPECT_EQ(loaded.scenario.backends[0].params[1].integer, 5);
  EXPECT_EQ(std::get<HoldFixed>(loaded.scenario.steps[1].hold).duration_ns, 3'000'000'000);
}

TEST(Set, the_last_one_wins_and_later_ones_see_earlier_ones) {
  const LoadedConfig loaded =
      load(kBase, {"run.seed=7", "run.seed=8", "backend.kvm={ x = 1 }", "backend.kvm.y=2"});
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.seed, 8U);
  ASSERT_EQ(loaded.scenario.backends.size(), 2U);
  EXPECT_EQ(loaded.scenario.backends[1].params.size(), 2U);
}

TEST(Set, quoted_keys_may_hold_any_character) {
  const LoadedConfig loaded = load(kBase, {"backend.\"my.plugin\".x=1"});
  ASSERT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.backends[1].name, "my.plugin");
}

TEST(Set, errors_of_its_values_point_into_its_text) {
  EXPECT_EQ(errors_with({"run.seed=\"x\""}),
            "--set:1:10: error: seed must be an integer, not a string\n"
            "    1 | run.seed=\"x\"\n"
            "      |          ^\n"
            "help: write a whole number without quotes\n");
  EXPECT_EQ(errors_with({"run.sed=1"}), "--set:1:5: error: unknown key \"sed\" in [run]\n"
                                        "    1 | run.sed=1\n"
                                        "      |     ^\n"
                                        "help: did you mean \"seed\"?\n");
  EXPECT_EQ(errors_with({"run.seed=2", "machine={ memory = 5 }"}),
            "--set:1:20: error: memory must be a size, not an integer\n"
            "    1 | machine={ memory = 5 }\n"
            "      |                    ^\n"
            "help: write a string with a unit, such as \"512MiB\"\n");
}

TEST(Set, a_word_without_quotes_is_explained) {
  EXPECT_EQ(errors_with({"run.backend=kvm"}),
            "--set:1:13: error: \"kvm\" is not a TOML value\n"
            "    1 | run.backend=kvm\n"
            "      |             ^\n"
            "help: strings need quotes: --set 'run.backend=\"...\"'\n");
}

TEST(Set, a_value_cannot_smuggle_in_more_keys) {
  EXPECT_NE(errors_with({"run.seed=1\n[machine]\nmemory=\"1GiB\""}), "");
  EXPECT_NE(errors_with({"run.seed=1\nx=2"}), "");
}

TEST(Set, paths_that_lead_nowhere_are_errors) {
  const auto message = [](const std::string& set) {
    const LoadedConfig loaded = load(kBase, {set});
    return loaded.ok() ? "no error" : loaded.diagnostics.front().message;
  };
  EXPECT_EQ(message("run.seed.x=1"), "run.seed is an integer, not a table");
  EXPECT_EQ(message("run[0]=1"), "run is a table, not a list");
  EXPECT_EQ(message("step[2].hold=\"1s\""), "step has 2 elements");
  EXPECT_EQ(message("step.hold=\"1s\""), "step is a list, not a table");
  EXPECT_EQ(message("[0]=1"), "this is not KEY=VALUE");
  for (const char* bad :
       {"", "=1", "run", "run.=1", ".run=1", "run..seed=1", "run.seed", "run seed=1",
        "step[x].hold=1", "step[0=1", "step[-1]=1", "\"run=1", "step[0]hold=1",
        "step[99999999999999999999]=1", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1"}) {
    EXPECT_EQ(message(bad), "this is not KEY=VALUE") << bad;
  }
  EXPECT_EQ(message("run.seed="), "\"\" is not a TOML value");
}

TEST(Set, comes_after_the_file_in_the_order_of_errors) {
  const LoadedConfig loaded = load(kBase + "[nonsense]\n", {"run.seed=true"});
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  EXPECT_EQ(loaded.diagnostics[0].pos.file, 0U);
  EXPECT_EQ(loaded.diagnostics[1].pos.file, 1U);
  EXPECT_EQ(loaded.scenario.files, (std::vector<std::string>{"test.toml", "--set"}));
}

} // namespace
} // namespace schedrig::config
