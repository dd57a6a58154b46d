// SPDX-License-Identifier: MIT
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/config/bind_params.hpp"
#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

ParamSpec spec(ParamType type, std::string_view key, std::string_view default_value,
               std::string_view doc, std::int64_t minimum = 0, std::int64_t maximum = 0) {
  return {.type = type,
          .key = key,
          .default_value = default_value,
          .doc = doc,
          .minimum = minimum,
          .maximum = maximum};
}

const std::vector<ParamSpec> kSpecs = {
    spec(ParamType::kDuration, "slice", "3ms", "time slice", 1'000'000, 1'000'000'000),
    spec(ParamType::kSize, "buffer", "", "ring size"),
    spec(ParamType::kInteger, "depth", "4", "queue depth", 1, 8),
    spec(ParamType::kFloat, "bias", "", "a factor"),
    spec(ParamType::kBool, "strict", "true", "refuse"),
    spec(ParamType::kString, "mode", "fast", "which"),
    spec(ParamType::kDuration, "faults[].at", "", "when"),
    spec(ParamType::kInteger, "faults[].nth", "1", "which"),
    spec(ParamType::kInteger, "cpus[]", "", "which CPUs"),
};

// A value that the caller knows to be there; a failure and an empty one when it is not.
ParamValue value_of(ParamsView params, std::string_view key) {
  const ParamValue* found = find_param(params, key);
  EXPECT_NE(found, nullptr) << key;
  return found == nullptr ? ParamValue{} : *found;
}

LoadedConfig with(const std::string& params) {
  return load(kMinimal + "[backend.mock]\n" + params);
}

BoundParams bind(const LoadedConfig& loaded) {
  return bind_params(loaded.scenario.backends.at(0).params, kSpecs, {.name = "[backend.mock]"});
}

std::string errors_with(const std::string& params) {
  const LoadedConfig loaded = with(params);
  EXPECT_EQ(errors_of(loaded), "");
  const BoundParams bound = bind(loaded);
  return render(bound.diagnostics(), loaded.sources);
}

TEST(BindParams, converts_values_and_fills_in_defaults) {
  const LoadedConfig loaded = with("slice = \"5ms\"\nbuffer = \"4KiB\"\nbias = 2\ncpus = [3, 1]\n"
                                   "faults = [ { at = \"2s\" }, { at = \"1s\", nth = 3 } ]\n");
  BoundParams first = bind(loaded);
  ASSERT_EQ(render(first.diagnostics(), loaded.sources), "");
  const BoundParams bound = std::move(first); // views stay valid
  const ParamsView view = bound.view();
  EXPECT_EQ(param_integer(view, "slice", 0), 5'000'000);
  EXPECT_EQ(value_of(view, "slice").type, ParamType::kDuration);
  EXPECT_EQ(param_integer(view, "buffer", 0), 4096);
  EXPECT_EQ(param_integer(view, "depth", 0), 4);
  EXPECT_DOUBLE_EQ(value_of(view, "bias").real, 2.0);
  EXPECT_EQ(value_of(view, "bias").type, ParamType::kFloat);
  EXPECT_EQ(param_integer(view, "strict", 0), 1);
  EXPECT_EQ(value_of(view, "mode").text, "fast");
  EXPECT_EQ(param_integer(view, "cpus[0]", 0), 3);
  EXPECT_EQ(param_integer(view, "cpus[1]", 0), 1);
  EXPECT_EQ(param_integer(view, "faults[0].at", 0), 2'000'000'000);
  EXPECT_EQ(param_integer(view, "faults[0].nth", 0), 1);
  EXPECT_EQ(param_integer(view, "faults[1].nth", 0), 3);
  EXPECT_EQ(find_param(view, "faults[2].nth"), nullptr);
  EXPECT_EQ(find_param(view, "faults[].nth"), nullptr);
}

TEST(BindParams, without_a_config_gives_the_defaults_alone) {
  const BoundParams bound = bind_params({}, kSpecs, {.name = "[backend.mock]"});
  EXPECT_TRUE(bound.ok());
  EXPECT_EQ(bound.view().size(), 4U);
  EXPECT_EQ(param_integer(bound.view(), "slice", 0), 3'000'000);
}

TEST(BindParams, reports_each_mistake_at_its_place) {
  EXPECT_EQ(errors_with("slcie = \"5ms\"\n"),
            "test.toml:5:1: error: unknown key \"slcie\" in [backend.mock]\n"
            "    5 | slcie = \"5ms\"\n"
            "      | ^\n"
            "help: did you mean \"slice\"?\n");
  EXPECT_EQ(errors_with("slice = 5\ndepth = 9\n"),
            "test.toml:5:9: error: slice must be a duration, such as \"200ms\", not an integer\n"
            "    5 | slice = 5\n"
            "      |         ^\n"
            "help: time slice\n"
            "test.toml:6:9: error: depth is 9\n"
            "    6 | depth = 9\n"
            "      |         ^\n"
            "help: allowed: 1 to 8\n");
  EXPECT_EQ(errors_with("slice = \"2s\"\n"), "test.toml:5:9: error: slice is \"2s\"\n"
                                             "    5 | slice = \"2s\"\n"
                                             "      |         ^\n"
                                             "help: allowed: \"1ms\" to \"1s\"\n");
  EXPECT_NE(errors_with("depth = 4.0\n").find("depth must be an integer, not a float"),
            std::string::npos);
  EXPECT_NE(errors_with("strict = 1\n").find("strict must be a boolean, not an integer"),
            std::string::npos);
  EXPECT_NE(errors_with("mode = true\n").find("mode must be a string, not a boolean"),
            std::string::npos);
  EXPECT_NE(errors_with("bias = inf\n").find("bias is not finite"), std::string::npos);
  EXPECT_NE(errors_with("slice = \"5\"\n").find("has no unit"), std::string::npos);
  EXPECT_NE(errors_with("faults = [ { when = \"1s\" } ]\n").find("faults[0].when"),
            std::string::npos);
  EXPECT_NE(errors_with("faults = { at = \"1s\" }\n").find("unknown key \"faults.at\""),
            std::string::npos);
}

TEST(BindParams, reports_what_is_required_and_missing_in_each_element) {
  ParamSpec name = spec(ParamType::kString, "programs[].name", "", "what it is called");
  name.required = 1;
  const std::vector<ParamSpec> specs = {
      name, spec(ParamType::kDuration, "programs[].runs", "0s", "CPU time"),
      spec(ParamType::kString, "programs[].output[]", "", "its lines")};
  const LoadedConfig good = with("programs = [ { name = \"a\", output = [\"x\", \"y\"] } ]\n");
  const BoundParams bound =
      bind_params(good.scenario.backends.at(0).params, specs, {.name = "[backend.mock]"});
  EXPECT_TRUE(bound.ok());
  EXPECT_EQ(value_of(bound.view(), "programs[0].output[1]").text, "y");
  EXPECT_TRUE(bind_params({}, specs, {.name = "[backend.mock]"}).ok())
      << "no element, nothing required";

  const LoadedConfig bad = with("programs = [ { name = \"a\" }, { runs = \"1s\" } ]\n");
  EXPECT_EQ(
      render(bind_params(bad.scenario.backends.at(0).params, specs, {.name = "[backend.mock]"})
                 .diagnostics(),
             bad.sources),
      "test.toml:5:32: error: programs[1].name is missing in [backend.mock]\n"
      "    5 | programs = [ { name = \"a\" }, { runs = \"1s\" } ]\n"
      "      |                                ^\n"
      "help: what it is called\n");
}

TEST(BindParams, blames_the_plugin_for_a_default_that_does_not_fit) {
  for (const ParamSpec& bad : {
           spec(ParamType::kInteger, "k", "four", ""),
           spec(ParamType::kDuration, "k", "4", ""),
           spec(ParamType::kBool, "k", "yes", ""),
           spec(ParamType::kInteger, "k", "9", "", 1, 8),
       }) {
    const BoundParams bound = bind_params({}, {&bad, 1}, {.name = "[backend.mock]"});
    ASSERT_EQ(bound.diagnostics().size(), 1U) << bad.default_value;
    EXPECT_TRUE(bound.diagnostics()[0].message.starts_with("the plugin's own default of k"));
    EXPECT_EQ(bound.diagnostics()[0].pos.line, 0U);
  }
}

} // namespace
} // namespace schedrig::config
