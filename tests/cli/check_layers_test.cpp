// SPDX-License-Identifier: MIT
// [checks] has three layers: schedrig's defaults, what the scheduler asks for, what the config
// says.
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

std::string scenario(const std::string& scheduler, const std::string& checks) {
  return "schema = 1\n[run]\nscheduler = \"" + scheduler + "\"\n" +
         "[machine]\ntopology = \"1n1l1c1t\"\n[[step]]\nname = \"load\"\nhold = \"200ms\"\n" +
         "[[step.cgroup]]\nname = \"a\"\nwork = [ { type = \"spin\", workers = 2 } ]\n[checks]\n" +
         checks;
}

CommandResult with_plugins(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--plugin-dir", SCHEDRIG_CLI_TEST_PLUGINS});
  return schedrig(std::move(arguments));
}

TEST(CheckLayers, a_scheduler_asks_for_checks_that_no_config_mentions) {
  const ScenarioFile file(scenario("strict", ""));
  const CommandResult result = with_plugins({"run", file.path()});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.out.find("cause: check max_gap: longest gap"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("check min_iteration_rate  pass"), std::string::npos) << result.out;
}

TEST(CheckLayers, a_config_has_the_last_word_key_by_key) {
  const ScenarioFile file(scenario("strict", "max_gap = \"1s\"\nisolation = false\n"));
  const CommandResult result = with_plugins({"run", file.path()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find("check min_iteration_rate  pass"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("check isolation"), std::string::npos) << result.out;
}

TEST(CheckLayers, another_scheduler_does_not_inherit_them) {
  const ScenarioFile file(scenario("fifo", ""));
  const CommandResult result = with_plugins({"run", file.path()});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_EQ(result.out.find("check max_gap"), std::string::npos) << result.out;
}

TEST(CheckLayers, explain_says_which_layer_a_check_comes_from) {
  const ScenarioFile file(scenario("strict", "max_gap = \"1s\"\n"));
  const CommandResult result = with_plugins({"explain", "checks", "--config", file.path()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto origin_of = [&](const std::string& key) {
    const std::size_t at = result.out.find("checks." + key + " = ");
    const std::size_t mark = result.out.find("# ", at);
    return result.out.substr(mark + 2, result.out.find('\n', mark) - mark - 2);
  };
  EXPECT_EQ(origin_of("not_stuck"), "default");
  EXPECT_EQ(origin_of("min_iteration_rate"), "scheduler strict");
  EXPECT_EQ(origin_of("max_gap"), file.path() + ":13");
}

TEST(CheckLayers, a_declared_scheduler_has_those_of_its_plugin) {
  const ScenarioFile file(scenario("mine", "") +
                          "[[scheduler]]\nname = \"mine\"\nplugin = \"strict\"\n");
  EXPECT_EQ(with_plugins({"run", file.path()}).exit_code, 1);
  const CommandResult explained = with_plugins({"explain", "checks", "--config", file.path()});
  EXPECT_NE(explained.out.find("# scheduler mine"), std::string::npos) << explained.out;
}

TEST(CheckLayers, wrong_checks_of_a_scheduler_are_shown_where_they_stand) {
  const ScenarioFile file(scenario("confused", ""));
  const CommandResult result = with_plugins({"check", file.path()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("scheduler confused:1:11: error: max_gap must be a duration"),
            std::string::npos)
      << result.err;
}

} // namespace
} // namespace schedrig
