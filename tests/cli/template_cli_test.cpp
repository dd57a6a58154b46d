// SPDX-License-Identifier: MIT
// Runs from templates, and `schedrig template`, with a backend that keeps its templates in files;
// each test has a cache of its own.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/cli/schedrig_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TemplateRuns : public ::testing::Test {
 protected:
  CommandResult command(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"/usr/bin/env", "XDG_CACHE_HOME=" + temp_.path().string(),
                                    kSchedrig};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return test::run_command(std::move(all));
  }
  // A run that passes, whatever becomes of its template.
  CommandResult run(const std::vector<std::string>& more = {},
                    const std::string& backend = "cli_test_storing") {
    std::vector<std::string> arguments = {
        "run",    scenario_.path(), "--plugin-dir", SCHEDRIG_CLI_TEST_PLUGINS,
        "--json", json(),           "--set",        "run.backend=\"" + backend + "\""};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CommandResult result = command(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    return result;
  }
  [[nodiscard]] std::string json() const { return (temp_.path() / "report.json").string(); }
  [[nodiscard]] std::string document() const {
    std::ifstream file(json());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Of the last run's document.
  [[nodiscard]] std::string start() const {
    const auto parsed = json::parse(document(), "report");
    EXPECT_TRUE(parsed) << document();
    return parsed ? *parsed->find("start")->as_string() : "";
  }
  [[nodiscard]] fs::path cache() const { return temp_.path() / "schedrig/templates"; }
  [[nodiscard]] std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(cache(), error)) {
      if (!entry.path().filename().string().starts_with('.')) {
        found.push_back(entry.path());
      }
    }
    std::ranges::sort(found);
    return found;
  }

  test::TempDir temp_;
  ScenarioFile scenario_{kSpin, "templates"};
};

std::string without_start(std::string document) {
  const std::size_t at = document.find("\"start\"");
  return document.erase(at, document.find('\n', at) - at);
}

TEST_F(TemplateRuns, the_first_run_boots_and_later_ones_start_from_its_template) {
  EXPECT_THAT(run().err, HasSubstr("booting\n"));
  EXPECT_EQ(start(), "cold");
  const std::string cold = document();
  ASSERT_EQ(entries().size(), 1U);
  const CommandResult second = run();
  EXPECT_EQ(start(), "fork");
  EXPECT_THAT(second.err, HasSubstr("starting from a template\n"));
  EXPECT_THAT(second.out, HasSubstr("1n1l2c1t, from a template, seed 1\n"));
  EXPECT_EQ(without_start(document()), without_start(cold));
  EXPECT_EQ(entries().size(), 1U);
}

TEST_F(TemplateRuns, cold_boots_and_leaves_nothing_behind) {
  run({"--cold"});
  EXPECT_EQ(start(), "cold");
  EXPECT_TRUE(entries().empty());
  run();
  run({"--cold"});
  EXPECT_EQ(start(), "cold");
}

TEST_F(TemplateRuns, repeated_runs_reset_one_machine) {
  const std::string events = (temp_.path() / "events.jsonl").string();
  run({"--repeat", "3", "--events", events});
  EXPECT_EQ(start(), "reset");
  const auto phases = [&](int number) {
    std::ifstream file(temp_.path() / ("events." + std::to_string(number) + ".jsonl"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_THAT(phases(1), HasSubstr("\"booting\""));
  EXPECT_THAT(phases(2), HasSubstr("\"starting from a template\""));
  EXPECT_THAT(phases(3), HasSubstr("\"resetting to a template\""));
  const std::string third = document();
  run({"--cold", "--seed", "3"});
  EXPECT_EQ(without_start(document()), without_start(third));
}

TEST_F(TemplateRuns, another_machine_has_a_template_of_its_own) {
  run();
  run({"--set", "machine.topology=\"1n1l3c1t\""});
  EXPECT_EQ(start(), "cold");
  EXPECT_EQ(entries().size(), 2U);
  run({"--seed", "77"});
  EXPECT_EQ(start(), "fork") << "a seed is no other machine";
}

TEST_F(TemplateRuns, a_damaged_template_is_told_of_and_made_anew) {
  run();
  ASSERT_EQ(entries().size(), 1U);
  std::ofstream(entries()[0] / "data/state") << "half";
  EXPECT_THAT(run().err, HasSubstr("cannot be used, the machine boots: load: the template is "
                                   "damaged"));
  EXPECT_EQ(start(), "cold");
  run();
  EXPECT_EQ(start(), "fork");
}

TEST_F(TemplateRuns, whatever_fails_of_a_template_is_told_and_the_run_passes) {
  struct Case {
    const char* call;
    const char* told;
    const char* start; // of the third of three runs
  };
  for (const Case& each :
       {Case{"save", "the machine is not saved, later ones boot: save: it broke", "cold"},
        Case{"store", "the template is not kept for later runs: store: it broke", "reset"},
        Case{"create", "no machine starts from the template, it boots: create: it broke", "cold"},
        Case{"boot", "no machine starts from the template, it boots: the machine was booted before",
             "cold"},
        Case{"reset", "the machine cannot be reset, another one is made: reset: it broke",
             "fork"}}) {
    fs::remove_all(cache());
    const CommandResult result =
        run({"--repeat", "3", "-v", "--set",
             "backend.cli_test_storing.fail=\"" + std::string(each.call) + "\""});
    EXPECT_THAT(result.err, HasSubstr(each.told)) << each.call;
    EXPECT_EQ(start(), each.start) << each.call;
    EXPECT_THAT(result.err, Not(HasSubstr("machine failed"))) << each.call;
  }
  fs::remove_all(cache());
  run();
  run({"--set", "backend.cli_test_storing.fail=\"load\""});
  EXPECT_EQ(start(), "cold");
}

TEST_F(TemplateRuns, a_machine_that_costs_less_to_make_than_to_reset_is_made_without_a_word) {
  const CommandResult result =
      run({"--repeat", "3", "--set", "backend.cli_test_storing.fail=\"dear_reset\""});
  EXPECT_EQ(start(), "fork");
  EXPECT_THAT(result.err, Not(HasSubstr("reset")));
}

TEST_F(TemplateRuns, a_backend_without_templates_boots_and_says_so_to_who_asked_for_them) {
  const CommandResult asked = run({"--set", "machine.templates=2"}, "cli_test_no_templates");
  EXPECT_THAT(asked.err, HasSubstr("backend \"cli_test_no_templates\" has no templates"));
  EXPECT_EQ(start(), "cold");
  EXPECT_THAT(run({}, "cli_test_no_templates").err, Not(HasSubstr("has no templates")));
  EXPECT_THAT(run({"--cold"}, "cli_test_no_templates").err, Not(HasSubstr("has no templates")));
  EXPECT_TRUE(entries().empty());
}

TEST_F(TemplateRuns, several_templates_are_spread_by_seed) {
  run({"--repeat", "4", "--set", "machine.templates=2"});
  EXPECT_EQ(entries().size(), 2U);
  EXPECT_EQ(start(), "fork") << "two machines take turns";
  run({"--seed", "9", "--set", "machine.templates=2"});
  EXPECT_EQ(start(), "fork");
  const CommandResult list = command({"template", "list"});
  EXPECT_THAT(list.out, HasSubstr("template         0\n"));
  EXPECT_THAT(list.out, HasSubstr("template         1\n"));
}

TEST_F(TemplateRuns, the_template_used_longest_ago_makes_room) {
  const std::vector<std::string> limits = {"--set", "machine.template_cache=\"2MiB\"", "--set",
                                           "backend.cli_test_storing.kib=800"};
  const auto with = [&](int cores) {
    std::vector<std::string> all = limits;
    all.insert(all.end(), {"--set", "machine.topology=\"1n1l" + std::to_string(cores) + "c1t\""});
    return all;
  };
  run(with(2));
  run(with(3));
  run(with(2));
  EXPECT_EQ(start(), "fork");
  run(with(4));
  EXPECT_EQ(entries().size(), 2U);
  run(with(2));
  EXPECT_EQ(start(), "fork");
  run(with(3));
  EXPECT_EQ(start(), "cold");
  const CommandResult too_large =
      run({"--set", "machine.template_cache=\"1MiB\"", "--set", "machine.topology=\"1n1l5c1t\"",
           "--set", "backend.cli_test_storing.kib=2000"});
  EXPECT_THAT(too_large.err, HasSubstr("the cache may take 1MiB; raise [machine] template_cache"));
}

TEST_F(TemplateRuns, list_and_rm_show_and_delete_what_is_kept) {
  EXPECT_THAT(command({"template", "list"}).err, HasSubstr("no templates in "));
  run();
  run({"--set", "machine.topology=\"1n1l3c1t\""});
  const auto keys = entries();
  ASSERT_EQ(keys.size(), 2U);
  const CommandResult list = command({"template", "list"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.out, HasSubstr(keys[0].filename().string() + "  1 MiB, used 2"));
  EXPECT_THAT(list.out, HasSubstr("    topology         1n1l3c1t\n"));
  EXPECT_LT(list.out.find("1n1l3c1t"), list.out.find("1n1l2c1t")) << "the one used last first";
  const auto listed = json::parse(command({"template", "list", "--json"}).out, "list");
  ASSERT_TRUE(listed);
  EXPECT_EQ(*listed->find("directory")->as_string(), cache().string());

  EXPECT_EQ(command({"template", "rm"}).exit_code, 2);
  EXPECT_EQ(command({"template", "rm", "--all", "0"}).exit_code, 2);
  EXPECT_EQ(command({"template", "rm", "nothing"}).exit_code, 2);
  const std::string first = keys[0].filename().string();
  EXPECT_EQ(command({"template", "rm", first}).out, "removed " + first + "\n");
  EXPECT_EQ(entries().size(), 1U);
  EXPECT_THAT(command({"template", "rm", "--all", "--json"}).out,
              HasSubstr(keys[1].filename().string()));
  EXPECT_TRUE(entries().empty());
}

TEST_F(TemplateRuns, mock_boots_unless_it_is_told_otherwise_and_says_the_same_both_ways) {
  run({"--repeat", "3"}, "mock");
  EXPECT_EQ(start(), "cold");
  const std::string cold = document();
  run({"--repeat", "3", "--set", "machine.templates=1"}, "mock");
  EXPECT_EQ(start(), "reset");
  EXPECT_EQ(without_start(document()), without_start(cold));
  EXPECT_TRUE(entries().empty()) << "its templates live in memory";
}

} // namespace
} // namespace schedrig
