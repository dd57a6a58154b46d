// SPDX-License-Identifier: MIT
// The files that a run leaves for machines to read.
#include <csignal>
#include <iterator>
#include <sstream>

#include <sys/stat.h>

#include "host/json/text.hpp"
#include "host/json/value.hpp"
#include "tests/cli/schedrig_command.hpp"
#include "tests/support/ktap_parser.hpp"

namespace schedrig {
namespace {

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Reports : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(dir); }
  void TearDown() override { fs::remove_all(dir); }
  [[nodiscard]] std::string path(const std::string& name) const { return (dir / name).string(); }

  // Every line as a value; fails the test on one that is no JSON.
  static std::vector<json::Value> lines_of(const std::string& text) {
    std::vector<json::Value> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      auto value = json::parse(line, "line");
      EXPECT_TRUE(value) << line;
      lines.push_back(value ? *value : json::Value());
    }
    return lines;
  }
  static std::vector<std::string> names_of(const std::vector<json::Value>& lines) {
    std::vector<std::string> names;
    for (const json::Value& line : lines) {
      names.push_back(*line.find("event")->as_string());
    }
    return names;
  }

  fs::path dir = fs::path(testing::TempDir()) / ("schedrig-reports-" + std::to_string(getpid()));
};

using Events = Reports;

TEST_F(Events, tell_a_run_from_its_first_phase_to_its_verdict) {
  const ScenarioFile file(kSpin);
  const CommandResult result = schedrig({"run", file.path(), "--events", path("run.jsonl")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("PASS")) << "the summary stays: " << result.out;
  const auto lines = lines_of(read_text(path("run.jsonl")));
  const std::vector<std::string> expected = {
      "run",      "phase",    "phase", "phase", "step_start", "hold_start", "hold_end",
      "step_end", "step_end", "phase", "check", "check",      "verdict"};
  std::vector<std::string> names = names_of(lines);
  std::erase(names, "boot");
  EXPECT_EQ(names, expected);
  EXPECT_EQ(lines.front().find("schema")->as_int64(), 1);
  EXPECT_EQ(*lines.back().find("verdict")->as_string(), "pass");
}

TEST_F(Events, are_the_same_bytes_for_the_same_run) {
  for (const char* config : {"swap_under_load", "payloads_with_checks", "ejection_expected"}) {
    const std::string file = kSource + "/configs/" + config + ".toml";
    const CommandResult first = schedrig({"run", file, "--events", "-"});
    EXPECT_EQ(first.out, schedrig({"run", file, "--events", "-"}).out) << config;
    EXPECT_GT(lines_of(first.out).size(), 10U) << config;
  }
}

TEST_F(Events, have_every_op_scheduler_event_and_payload_of_the_document) {
  for (const char* config : {"swap_under_load", "payloads_with_checks", "ejection_expected"}) {
    SCOPED_TRACE(config);
    const CommandResult result = schedrig({"run", kSource + "/configs/" + config + ".toml",
                                           "--events", "-", "--json", path("run.json")});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto document = json::parse(read_text(path("run.json")), "report");
    ASSERT_TRUE(document);
    json::Array ops;
    json::Array schedulers;
    json::Array payloads;
    std::size_t started = 0;
    for (const json::Value& line : lines_of(result.out)) {
      const std::string& name = *line.find("event")->as_string();
      if (name == "op") {
        ops.push_back(*line.find("op"));
      } else if (name == "scheduler") {
        schedulers.push_back(*line.find("scheduler_event"));
      } else if (name == "payload_end") {
        payloads.push_back(*line.find("payload"));
      }
      started += name == "payload_start" ? 1 : 0;
    }
    json::Array expected_ops = *document->find("backdrop")->find("ops")->as_array();
    for (const json::Value& step : *document->find("steps")->as_array()) {
      const json::Array& of_step = *step.find("ops")->as_array();
      expected_ops.insert(expected_ops.end(), of_step.begin(), of_step.end());
    }
    EXPECT_EQ(ops, expected_ops);
    EXPECT_EQ(schedulers, *document->find("scheduler_events")->as_array());
    EXPECT_EQ(payloads, *document->find("payloads")->as_array());
    EXPECT_EQ(started, payloads.size());
  }
}

TEST_F(Events, of_a_killed_run_are_whole_lines) {
  const ScenarioFile file(kSpin);
  // An hour of machine time: simulated for much longer than the signal takes to arrive.
  test::Command command({kSchedrig, "run", file.path(), "--events", path("killed.jsonl"), "--set",
                         "run.deadline=\"2h\"", "--set", "step[0].hold=\"1h\""});
  ASSERT_TRUE(command.wait_for_stderr("step 1/1"));
  command.kill(SIGKILL);
  EXPECT_EQ(command.finish().exit_code, 128 + SIGKILL);
  const std::string text = read_text(path("killed.jsonl"));
  ASSERT_TRUE(text.ends_with("}\n")) << text;
  EXPECT_GE(names_of(lines_of(text)).size(), 4U) << "what had happened is there: " << text;
}

TEST_F(Events, of_a_failed_run_end_with_its_verdict) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult result = schedrig({"run", file.path(), "--events", "-"});
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = lines_of(result.out);
  EXPECT_EQ(*lines.back().find("verdict")->as_string(), "fail");
  EXPECT_EQ(lines.back().find("exit_code")->as_int64(), 1);
}

using Ktap = Reports;

TEST_F(Ktap, of_every_config_is_valid_and_passes) {
  for (const auto& entry : fs::directory_iterator(kSource + "/configs")) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    const CommandResult result = schedrig({"run", entry.path().string(), "--ktap", "-"});
    const auto tests = test::parse_ktap(result.out);
    ASSERT_TRUE(tests) << tests.error().message << "\n" << result.out;
    ASSERT_EQ(tests->size(), 1U);
    EXPECT_TRUE(tests->front().ok) << result.out;
    EXPECT_EQ(tests->front().description, entry.path().stem().string());
    EXPECT_GT(tests->front().subtests.size(), 2U) << entry.path();
  }
}

TEST_F(Ktap, names_the_check_that_failed_and_how_to_repeat_the_run) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult result = schedrig({"run", file.path(), "--ktap", path("run.ktap")});
  EXPECT_EQ(result.exit_code, 1);
  const auto tests = test::parse_ktap(read_text(path("run.ktap")));
  ASSERT_TRUE(tests) << tests.error().message;
  const test::KtapResult& run = tests->front();
  EXPECT_FALSE(run.ok);
  EXPECT_TRUE(run.diagnostic.starts_with("check max_gap: ")) << run.diagnostic;
  EXPECT_NE(run.diagnostics.back().find("reproduce: "), std::string::npos);
  EXPECT_NE(run.diagnostics.back().find(file.path()), std::string::npos);
  for (const test::KtapResult& each : run.subtests) {
    EXPECT_EQ(each.ok, each.description != "check max_gap") << each.description;
  }
}

TEST_F(Reports, as_junit_name_the_failed_check_and_how_to_repeat_the_run) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult result = schedrig({"run", file.path(), "--junit", path("run.xml")});
  EXPECT_EQ(result.exit_code, 1);
  const std::string text = read_text(path("run.xml"));
  EXPECT_NE(text.find("tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"1\""), std::string::npos)
      << text;
  EXPECT_NE(text.find("name=\"max_gap\" time=\"0.000000\">\n      <failure "), std::string::npos)
      << text;
  EXPECT_NE(text.find("<property name=\"reproduce\" value=\"" + kSchedrig + " run " + file.path()),
            std::string::npos)
      << text;
}

TEST_F(Reports, that_cannot_be_written_are_refused_before_the_run) {
  const ScenarioFile file(kSpin);
  for (const std::string option : {"--events", "--ktap", "--junit"}) {
    const CommandResult result = schedrig({"run", file.path(), option, "/nonexistent/report"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find(option + " /nonexistent/report cannot be written"), std::string::npos)
        << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(Reports, do_not_share_a_place) {
  const ScenarioFile file(kSpin);
  const CommandResult both = schedrig({"run", file.path(), "--json", "-", "--events", "-"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_NE(both.err.find("--json and --events both go to stdout"), std::string::npos) << both.err;
  EXPECT_EQ(schedrig({"run", file.path(), "--json", path("x"), "--events", path("x")}).exit_code,
            2);
}

TEST_F(Reports, of_several_runs_are_numbered_files) {
  const ScenarioFile file(kSpin);
  const CommandResult result =
      schedrig({"run", file.path(), "--repeat", "3", "--seed", "5", "--events", path("run.jsonl")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(fs::exists(path("run.jsonl")));
  for (int number = 1; number <= 3; ++number) {
    const auto lines = lines_of(read_text(path("run." + std::to_string(number) + ".jsonl")));
    ASSERT_FALSE(lines.empty()) << number;
    EXPECT_EQ(lines.front().find("seed")->as_int64(), 4 + number);
  }
}

TEST_F(Reports, of_several_runs_do_not_share_stdout) {
  const ScenarioFile file(kSpin);
  const CommandResult result = schedrig({"run", file.path(), "--repeat", "2", "--ktap", "-"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--ktap - goes with one run"), std::string::npos) << result.err;
}

TEST_F(Reports, are_part_of_the_plan) {
  const ScenarioFile file(kSpin);
  const CommandResult result =
      schedrig({"run", "--dry-run", file.path(), "--events", path("never.jsonl")});
  EXPECT_NE(result.out.find("report    summary on stdout, events in " + path("never.jsonl") + "\n"),
            std::string::npos)
      << result.out;
  EXPECT_FALSE(fs::exists(path("never.jsonl")));
}

TEST_F(Reports, of_the_config_are_called_after_the_run_and_yield_to_options) {
  const ScenarioFile file(std::string(kSpin) + "[report]\ndir = \"" + path("new/dir") +
                          "\"\nformats = [\"json\", \"events\", \"ktap\", \"junit\"]\n");
  const CommandResult result =
      schedrig({"run", file.path(), "--set", "run.name=\"a b/c\"", "--ktap", path("own.ktap")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* name :
       {"new/dir/a_b_c.json", "new/dir/a_b_c.jsonl", "new/dir/a_b_c.xml", "own.ktap"}) {
    EXPECT_GT(read_text(path(name)).size(), 100U) << name;
  }
  EXPECT_FALSE(fs::exists(path("new/dir/a_b_c.ktap")));
}

TEST_F(Reports, of_the_config_need_a_folder_that_can_be_made_and_a_plan_makes_none) {
  const ScenarioFile file(std::string(kSpin) + "[report]\nformats = [\"json\"]\n");
  const CommandResult plan =
      schedrig({"run", "--dry-run", file.path(), "--set", "report.dir=\"" + path("later") + "\""});
  EXPECT_NE(plan.out.find("JSON in " + path("later") + "/"), std::string::npos) << plan.out;
  EXPECT_FALSE(fs::exists(path("later")));
  const CommandResult refused =
      schedrig({"run", file.path(), "--set", "report.dir=\"/proc/none\""});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("[report] dir \"/proc/none\" cannot be made"), std::string::npos)
      << refused.err;
}

// /dev/full takes nothing: ENOSPC (full(4)).
TEST_F(Reports, that_cannot_be_written_are_said_and_decide_the_exit_code_in_the_last_line) {
  const ScenarioFile file(kSpin);
  for (const std::string option : {"--json", "--junit", "--ktap"}) {
    const CommandResult result = schedrig({"run", file.path(), option, "/dev/full"});
    EXPECT_EQ(result.exit_code, 5) << option;
    EXPECT_NE(result.err.find("write the report to /dev/full: No space left on device"),
              std::string::npos)
        << option << result.err;
    EXPECT_NE(result.err.find("verdict=pass exit=5 "), std::string::npos) << option << result.err;
  }
}

TEST_F(Reports, a_full_stdout_is_said_once_before_the_last_line) {
  const ScenarioFile file(kSpin);
  const CommandResult result = test::run_command(
      {"/bin/sh", "-c", "exec \"$0\" run \"$1\" > /dev/full", SCHEDRIG_BINARY, file.path()});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  const std::size_t said = result.err.find("write the results to stdout");
  ASSERT_NE(said, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("write the results to stdout", said + 1), std::string::npos);
  EXPECT_LT(said, result.err.find("verdict=pass exit=5 ")) << result.err;
}

using ReportFiles = Reports;

TEST_F(ReportFiles, a_pipe_that_nobody_reads_is_an_error_and_no_wait) {
  const ScenarioFile file(kSpin);
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const char* option : {"--json", "--events"}) {
    const CommandResult result = schedrig({"run", file.path(), option, path("pipe")});
    EXPECT_EQ(result.exit_code, 5) << option << result.err;
    EXPECT_NE(result.err.find("nobody reads this pipe"), std::string::npos) << result.err;
  }
}

TEST_F(ReportFiles, a_limit_of_file_sizes_is_said_and_leaves_nothing) {
  const ScenarioFile file(kSpin);
  const CommandResult result =
      test::run_command({"/bin/bash", "-c", "ulimit -f 1; exec \"$0\" \"$@\"", kSchedrig, "run",
                         file.path(), "--json", path("report.json")});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_NE(result.err.find("File too large"), std::string::npos) << result.err;
  EXPECT_TRUE(fs::is_empty(dir)) << "neither the report nor a part of it";
}

TEST_F(ReportFiles, are_no_part_of_the_command_that_makes_a_run_again) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const std::string again = "reproduce: " + kSchedrig + " run " + file.path();
  const CommandResult once =
      schedrig({"run", file.path(), "--json=" + path("a.json"), "--ktap", path("a.ktap")});
  EXPECT_NE(once.out.find(again + "\n"), std::string::npos) << once.out;
  const CommandResult seeded =
      schedrig({"run", "--seed", "7", file.path(), "--events", path("a.jsonl")});
  EXPECT_NE(seeded.out.find(again + " --seed 7\n"), std::string::npos) << seeded.out;
  const CommandResult third = schedrig(
      {"run", file.path(), "--until-fail", "--seed=3", "--repeat", "4", "--junit", path("a.xml")});
  EXPECT_NE(third.out.find(again + " --seed 3\n"), std::string::npos) << third.out;
}

} // namespace
} // namespace schedrig
