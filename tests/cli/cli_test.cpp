// SPDX-License-Identifier: MIT
// The command line as a user meets it, on mock: exit codes, streams, messages.
#include <algorithm>
#include <csignal>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/json/text.hpp"
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

TEST(Cli, the_quickstart_passes_and_says_so_on_both_streams) {
  const CommandResult result = schedrig({"run", kSource + "/configs/quickstart.toml"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("PASS  quickstart on mock")) << result.out;
  EXPECT_NE(result.err.find("schedrig: verdict=pass exit=0 end=complete backend=mock"),
            std::string::npos)
      << result.err;
}

TEST(Cli, every_config_gives_identical_json_twice) {
  for (const auto& entry : fs::directory_iterator(kSource + "/configs")) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    const CommandResult first = schedrig({"run", entry.path().string(), "--json", "-"});
    const CommandResult second = schedrig({"run", entry.path().string(), "--json", "-"});
    EXPECT_EQ(first.exit_code, 0) << entry.path() << "\n" << first.err << first.out;
    EXPECT_EQ(first.out, second.out) << entry.path();
    const auto document = json::parse(first.out, "report");
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(*document->find("verdict")->as_string(), "pass") << entry.path();
  }
}

// The text between "$ COMMAND\n" and the end of its block in README.md.
std::string readme_block(const std::string& command) {
  std::ifstream file(kSource + "/README.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string start = "```console\n$ " + command + "\n";
  const std::size_t at = text.find(start);
  if (at == std::string::npos) {
    return "README.md shows no output of " + command;
  }
  const std::size_t from = at + start.size();
  return text.substr(from, text.find("```", from) - from);
}

TEST(Cli, the_readme_shows_what_the_quickstart_prints) {
  fs::current_path(kSource);
  const CommandResult result = schedrig({"run", "configs/quickstart.toml"});
  const std::size_t outcome = result.err.find("schedrig: verdict=");
  ASSERT_NE(outcome, std::string::npos) << result.err;
  EXPECT_EQ(readme_block("./dev run"),
            result.err.substr(0, outcome) + result.out + result.err.substr(outcome));
}

TEST(Cli, the_readme_shows_what_mistakes_look_like) {
  fs::current_path(kSource + "/tests/cli");
  EXPECT_EQ(readme_block("schedrig run broken.toml"), schedrig({"run", "broken.toml"}).err);
}

TEST(Cli, another_seed_is_another_run) {
  const std::string config = kSource + "/configs/quickstart.toml";
  const CommandResult first = schedrig({"run", config, "--json", "-"});
  const CommandResult second = schedrig({"run", config, "--json", "-", "--seed", "7"});
  EXPECT_NE(first.out, second.out);
  EXPECT_NE(second.err.find("seed=7"), std::string::npos);
}

TEST(Cli, what_became_of_memory_regions_is_in_the_report) {
  const ScenarioFile file(R"(schema = 1
[machine.memory]
size = "512MiB"
regions = [ { name = "low", size = "256MiB" }, { name = "weak", cache = "noncoherent" } ]
[[step]]
)");
  const CommandResult result = schedrig({"run", file.path(), "--json", "-"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find(R"("memory.low.cache": "not requested")"), std::string::npos);
  EXPECT_NE(result.out.find(R"("memory.weak.cache": "dropped: no capability")"), std::string::npos)
      << result.out;
}

TEST(Cli, a_required_cache_type_that_is_not_to_be_had_makes_no_machine) {
  const ScenarioFile file(R"(schema = 1
[machine.memory]
size = "512MiB"
regions = [ { name = "weak", cache = "noncoherent", required = true } ]
[[step]]
)");
  const CommandResult result = schedrig({"run", file.path()});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_NE(result.out.find("memory region \"weak\": its noncoherent cache type is required"),
            std::string::npos)
      << result.out;
}

TEST(Cli, five_mistakes_give_five_located_errors_and_exit_code_2) {
  const ScenarioFile file(R"(schema = 1
[run]
durations = "1s"
seed = 1.5
[machine]
memory = "12 parsecs"
[[step]]
hold = 5
[[step.op]]
kind = "freeze_group"
cgroup = "a"
)");
  const CommandResult result = schedrig({"run", file.path()});
  EXPECT_EQ(result.exit_code, 2);
  std::size_t errors = 0;
  for (const char* at : {":3:", ":4:", ":6:", ":8:", ":10:"}) {
    errors += result.err.find(file.path() + at) != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(errors, 5U) << result.err;
  EXPECT_TRUE(result.out.empty()) << result.out;
}

TEST(Cli, a_failed_check_is_exit_code_1_with_the_cause_first) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult result = schedrig({"run", file.path()});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const std::size_t cause = result.out.find("cause: check max_gap");
  const std::size_t evidence = result.out.find("step 1");
  const std::size_t reproduce = result.out.find("reproduce: ");
  EXPECT_LT(cause, evidence) << result.out;
  EXPECT_LT(evidence, reproduce) << result.out;
}

TEST(Cli, expect_fail_turns_a_failure_into_a_pass) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult result = schedrig({"run", file.path(), "--set", "run.expect=\"fail\""});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST(Cli, an_op_that_times_out_leaves_a_machine_that_is_torn_down_and_reported) {
  const ScenarioFile file(R"(schema = 1
[backdrop]
[[backdrop.cgroup]]
name = "cell"
work = [ { type = "spin", workers = 32 } ]
[[step]]
hold = "100ms"
[[step]]
op = [ { kind = "freeze_cgroup", cgroup = "cell", wait = "1ns" } ]
)");
  const CommandResult result = schedrig({"run", file.path()});
  EXPECT_EQ(result.exit_code, 1) << result.err << result.out;
  EXPECT_NE(result.out.find("is not frozen after"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("check not_stuck"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("  cell                 spin          32"), std::string::npos)
      << "the workers were not collected: " << result.out;
}

TEST(Cli, an_unknown_backend_is_a_usage_error_that_names_the_nearest) {
  const ScenarioFile file(kSpin);
  const CommandResult result = schedrig({"run", file.path(), "--set", "run.backend=\"mokc\""});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("mock"), std::string::npos) << result.err;
}

TEST(Cli, a_deadline_that_cannot_be_kept_is_refused_before_anything_starts) {
  const ScenarioFile file(kSpin);
  const CommandResult result = schedrig(
      {"run", file.path(), "--set", "run.duration=\"50ms\"", "--set", "run.deadline=\"100ms\""});
  EXPECT_EQ(result.exit_code, 2) << result.err << result.out;
  EXPECT_NE(result.err.find("more than the deadline"), std::string::npos) << result.err;
}

TEST(Cli, interrupting_a_run_tears_down_and_is_exit_code_130) {
  const ScenarioFile file(kSpin);
  // An hour of machine time: simulated for much longer than the signal takes to arrive.
  test::Command command({kSchedrig, "run", file.path(), "--set", "run.deadline=\"2h\"", "--set",
                         "step[0].hold=\"1h\"", "--set",
                         "step[0].cgroup[0].work[0].type=\"pipe_io\""});
  ASSERT_TRUE(command.wait_for_stderr("step 1/1"));
  command.kill(SIGINT);
  const CommandResult result = command.finish();
  EXPECT_EQ(result.exit_code, 130) << result.err << result.out;
  EXPECT_NE(result.err.find("end=interrupted"), std::string::npos) << result.err;
  EXPECT_NE(result.out.find("step 1 \"spin\"  inconclusive"), std::string::npos) << result.out;
}

TEST(Cli, a_report_that_cannot_be_written_is_said_and_leaves_no_file) {
  const ScenarioFile file(kSpin);
  const CommandResult result =
      schedrig({"run", file.path(), "--json", "/nonexistent-directory/report.json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("/nonexistent-directory/report.json"), std::string::npos);
  EXPECT_TRUE(result.out.empty()) << "it is said before anything runs";
  EXPECT_EQ(schedrig({"run", file.path(), "--json", "/tmp"}).exit_code, 2);
}

TEST(Cli, a_report_goes_where_a_link_leads_and_leaves_what_is_no_file_alone) {
  const ScenarioFile file(kSpin);
  const fs::path dir = fs::path(testing::TempDir()) / ("report-" + std::to_string(getpid()));
  fs::create_directory(dir);
  std::ofstream(dir / "report.json") << "old";
  fs::create_symlink("report.json", dir / "link");
  EXPECT_EQ(schedrig({"run", file.path(), "--json", (dir / "link").string()}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_GT(fs::file_size(dir / "report.json"), 100U);

  const fs::path fifo = dir / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(schedrig({"run", file.path(), "--json", fifo.string()}).exit_code, 0);
  EXPECT_TRUE(fs::is_fifo(fifo));
  char first = 0;
  EXPECT_EQ(read(reader, &first, 1), 1);
  EXPECT_EQ(first, '{');
  close(reader);
  fs::remove_all(dir);
}

TEST(Cli, an_unknown_command_is_answered_with_the_nearest) {
  const CommandResult result = schedrig({"runn"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("did you mean \"run\"?"), std::string::npos) << result.err;
}

TEST(Cli, an_unknown_option_is_named_with_the_nearest_and_where_help_is) {
  struct Case {
    std::vector<std::string> arguments;
    const char* error;
    const char* help;
  };
  for (const Case& one : std::vector<Case>{
           {{"--frobnicate"},
            "schedrig: error: `schedrig` has no option \"--frobnicate\"\n",
            "  help: `schedrig --help` lists what it takes\n"},
           {{"run", "--sead=7"},
            "`schedrig run` has no option \"--sead\"\n",
            "did you mean \"--seed\"? `schedrig run --help` lists"},
           {{"run", "x.toml", "--colour", "auto"}, "no option \"--colour\"", "mean \"--color\"?"},
           {{"run", "x.toml", "y.toml"}, "`schedrig run` takes no further argument \"y.toml\"", ""},
           {{"-v", "runn", "x.toml"}, "there is no command \"runn\"\n", "did you mean \"run\"?"},
           {{"kernel", "lst"}, "there is no command \"lst\" of `schedrig kernel`", "\"list\"?"},
           {{"run"}, "CONFIG is required\n", "`schedrig run --help`"},
           {{"run", "x.toml", "--\x1b[31m"}, "no option \"--\\x1b[31m\"", ""}}) {
    const CommandResult result = schedrig(one.arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(one.error), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(one.help), std::string::npos) << result.err;
  }
}

TEST(Cli, a_plugin_directory_that_cannot_be_read_is_named_with_the_reason) {
  const CommandResult missing = schedrig({"plugins", "--plugin-dir", "/nonexistent/plugins"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("read plugin directory \"/nonexistent/plugins\": No such file or "
                             "directory"),
            std::string::npos)
      << missing.err;
  const CommandResult file = schedrig({"plugins", "--plugin-dir=" + kSchedrig});
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_NE(file.err.find("Not a directory"), std::string::npos) << file.err;
  const ScenarioFile config(std::string(kSpin) + "[plugins]\npath = [\"/nonexistent\"]\n");
  const CommandResult of_config =
      schedrig({"run", config.path(), "--set", "run.scheduler=\"nothing\""});
  EXPECT_EQ(of_config.exit_code, 2);
  EXPECT_NE(of_config.err.find("/nonexistent (No such file or directory)"), std::string::npos)
      << of_config.err;
}

// /dev/full takes nothing: ENOSPC (full(4)).
TEST(Cli, results_that_stdout_does_not_take_are_an_error_of_every_verb) {
  const std::string config = kSource + "/configs/quickstart.toml";
  for (const std::string& arguments : std::vector<std::string>{
           "ops", "ops --json", "schema", "explain run.seed", "explain --config " + config,
           "plugins", "completions bash", "check " + config, "run --dry-run " + config, "--help",
           "--version"}) {
    const CommandResult result =
        test::run_command({"/bin/sh", "-c", kSchedrig + " " + arguments + " > /dev/full"});
    EXPECT_EQ(result.exit_code, 5) << arguments;
    EXPECT_NE(result.err.find("schedrig: error: write the results to stdout: No space left on "
                              "device"),
              std::string::npos)
        << arguments << ": " << result.err;
  }
}

TEST(Cli, check_accepts_every_config_and_runs_nothing) {
  for (const auto& entry : fs::directory_iterator(kSource + "/configs")) {
    if (entry.path().extension() == ".toml") {
      const CommandResult result = schedrig({"check", entry.path().string()});
      EXPECT_EQ(result.exit_code, 0) << entry.path() << "\n" << result.err;
    }
  }
}

TEST(Cli, ops_lists_all_twenty_eight_sched_command_and_raise_event) {
  const CommandResult result = schedrig({"ops"});
  EXPECT_EQ(std::ranges::count(result.out, '\n'), 30);
  EXPECT_EQ(result.exit_code, 0);
}

TEST(Cli, plugins_lists_the_bundled_ones_as_usable) {
  const CommandResult result = schedrig({"plugins"});
  for (const char* plugin : {"mock", "kvm", "eevdf", "fifo"}) {
    EXPECT_NE(result.out.find(std::string("\n  ") + plugin + " "), std::string::npos) << result.out;
  }
  EXPECT_EQ(result.out.find("refused"), std::string::npos) << result.out;
}

TEST(Cli, doctor_tells_by_its_exit_code_whether_something_failed) {
  EXPECT_EQ(schedrig({"doctor", "mock"}).exit_code, 0);
  const CommandResult unknown = schedrig({"doctor", "mokc"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("mock"), std::string::npos) << unknown.err;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"doctor"}, std::vector<std::string>{"doctor", "kvm"}}) {
    const CommandResult result = schedrig(arguments);
    const bool failed = ("\n" + result.out).find("\nfail") != std::string::npos;
    EXPECT_EQ(result.exit_code, failed ? 5 : 0) << result.out;
  }
}

TEST(Cli, check_warns_of_what_the_doctor_finds_wrong_for_the_backend) {
  const ScenarioFile file(kSpin);
  const CommandResult mock = schedrig({"check", file.path()});
  EXPECT_EQ(mock.err, "");
  const CommandResult kvm = schedrig({"check", file.path(), "--set", "run.backend=\"kvm\""});
  const bool warned = kvm.err.find("warning: this host, kvm: ") != std::string::npos;
  const bool said = kvm.out.find(": ok, warnings of this host: ") != std::string::npos;
  EXPECT_EQ(warned, said) << kvm.err << kvm.out;
  if (kvm.exit_code == 0) { // else the machine cannot be made here at all
    EXPECT_EQ(warned, schedrig({"doctor", "kvm"}).exit_code == 5) << kvm.err;
  }
}

TEST(Cli, bad_usage_is_exit_code_2) {
  EXPECT_EQ(schedrig({"frobnicate"}).exit_code, 2);
  EXPECT_EQ(schedrig({}).exit_code, 2);
  EXPECT_EQ(schedrig({"run"}).exit_code, 2);
  EXPECT_EQ(schedrig({"--version"}).exit_code, 0);
}

} // namespace
} // namespace schedrig
