// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "host/config/explain.hpp"
#include "host/config/spell.hpp"
#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

std::string row(const std::vector<EffectiveKey>& rows, std::string_view key) {
  const auto found = std::ranges::find(rows, key, &EffectiveKey::key);
  return found == rows.end() ? "no such row" : found->value + " # " + found->origin;
}

TEST(EffectiveKeys, say_the_value_and_the_layer_of_each_key) {
  const LoadedConfig loaded = load(R"(schema = 1
[run]
duration = "2s"
[backend.mock]
faults = [ { nth = 3 } ]
[[backdrop.cgroup]]
name = "a"
cpuset = { range = [0.5, 1.0] }
[[step]]
hold = { every = "10ms" }
op = [ { kind = "freeze_cgroup", cgroup = "a" } ]
)",
                                   {"run.seed=7", "checks.max_gap=\"1s\""});
  ASSERT_EQ(errors_of(loaded), "");
  const auto rows = effective_keys(loaded);
  EXPECT_EQ(row(rows, "run.duration"), "\"2s\" # test.toml:3");
  EXPECT_EQ(row(rows, "run.seed"), "7 # --set run.seed=7");
  EXPECT_EQ(row(rows, "run.backend"), "\"mock\" # default");
  EXPECT_EQ(row(rows, "run.name"), "\"test\" # default");
  EXPECT_EQ(row(rows, "run.deadline"), "\"122s\" # default") << "the duration and 2 min";
  EXPECT_EQ(row(rows, "machine.topology"), "\"1n1l2c1t\" # default") << "of a table left out";
  EXPECT_EQ(row(rows, "checks.max_gap"), "\"1s\" # --set checks.max_gap=\"1s\"");
  EXPECT_EQ(row(rows, "checks.isolation"), "true # default");
  EXPECT_EQ(row(rows, "backend.mock.faults"), "[{ nth = 3 }] # test.toml:5");
  EXPECT_EQ(row(rows, "backdrop.cgroup[0].cpuset"), "{ range = [0.5, 1.0] } # test.toml:8");
  EXPECT_EQ(row(rows, "step[0].hold.every"), "\"10ms\" # test.toml:10");
  EXPECT_EQ(row(rows, "step[0].hold.for"), "\"100%\" # default");
  EXPECT_EQ(row(rows, "step[0].op[0].kind"), "\"freeze_cgroup\" # test.toml:11");
  EXPECT_EQ(row(rows, "step[0].op[0].wait"), "\"2s\" # default");
  EXPECT_EQ(row(rows, "step[0].op[0].threads"), "no such row") << "of another op";
  EXPECT_EQ(row(rows, "backdrop.cgroup[0].io.weight"), "no such row") << "of an optional table";
}

TEST(FindKey, follows_tables_lists_kinds_and_choices) {
  EXPECT_EQ(spell_type(find_key("run.seed").value().info),
            "an integer, 0 to 9223372036854775807 or a string with one of up to 64 bits");
  EXPECT_EQ(spell_type(find_key("step.hold").value().info),
            "a duration, a percentage, { every, for } or { wait_until }");
  EXPECT_EQ(find_key("step[3].op.set_cpuset.cpus.llc").value().info.doc, "the CPUs of an LLC");
  EXPECT_EQ(find_key("backdrop.cgroup.work.nice").value().info.maximum, 19);
  EXPECT_EQ(find_key("").value().below.front().key, "schema");
  EXPECT_GE(find_key("step.op").value().below.size(), 29U);
  EXPECT_EQ(find_key("machine").value().below.front().key, "topology");
}

TEST(FindKey, names_the_nearest_for_an_unknown_one) {
  const auto typo = find_key("run.sed");
  ASSERT_FALSE(typo);
  EXPECT_EQ(typo.error().message, "there is no key \"sed\" in run");
  EXPECT_EQ(typo.error().help, "did you mean \"seed\"?");
  EXPECT_FALSE(find_key("run.seed.x"));
  EXPECT_FALSE(find_key("run..seed"));
}

TEST(SpellValue, reads_back_as_toml) {
  const std::string value =
      R"({ a = [1, 2.5, true], "b c" = "x\"y", d = {}, e = [], f = -0.5, g = 1e+300, h = 3.0 })";
  const LoadedConfig loaded = load(kMinimal, {"backend.x.y=" + value});
  const Node* node = loaded.document.find("backend")->find("x")->find("y");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(spell_value(*node), value);
}

} // namespace
} // namespace schedrig::config
