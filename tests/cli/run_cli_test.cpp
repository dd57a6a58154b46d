// SPDX-License-Identifier: MIT
// How `run` may be told to run: plans, repetition, seeds, how much is said.
#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "host/json/text.hpp"
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kQuickstart = kSource + "/configs/quickstart.toml";

TEST(DryRun, prints_the_resolved_plan_and_runs_nothing) {
  const CommandResult result =
      schedrig({"run", "--dry-run", kQuickstart, "--json", "/tmp/never-written.json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* part :
       {"machine   1n2l2c1t, CPUs 0-3, 512MiB", "  cgroup spinners: CPUs 0-1; 2 x spin",
        "step 1/3 beside", "  cgroup bursty: CPUs 2-3; 4 x bursty", "  hold 800ms",
        "  op 1 set_cpuset cgroup=\"spinners\" cpus={ llc = 1 }: CPUs 2-3",
        "checks    not_stuck isolation max_gap=\"400ms\"", "JSON in /tmp/never-written.json"}) {
    EXPECT_TRUE(contains(result.out, part)) << part << "\n" << result.out;
  }
  EXPECT_FALSE(fs::exists("/tmp/never-written.json"));
  EXPECT_EQ(schedrig({"run", "--dry-run", kQuickstart, "--set", "run.sed=1"}).exit_code, 2);
}

TEST(DryRun, of_a_run_in_the_lab_is_the_same_plan) {
  const CommandResult here = schedrig({"run", "--dry-run", kQuickstart});
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"lab", "run", "--dry-run", kQuickstart},
        std::vector<std::string>{"run", "--lab", "--dry-run", kQuickstart}}) {
    const CommandResult lab = schedrig(command);
    EXPECT_EQ(lab.exit_code, 0) << lab.err;
    EXPECT_EQ(lab.err, "");
    EXPECT_EQ(lab.out, here.out);
  }
}

TEST(Repeat, runs_with_one_seed_after_another_and_counts) {
  const ScenarioFile file(kSpin);
  const CommandResult result = schedrig({"run", file.path(), "--repeat", "3", "--seed", "5"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "3 runs: 3 pass\n");
  for (const char* seed : {"seed=5 ", "seed=6 ", "seed=7 "}) {
    EXPECT_TRUE(contains(result.err, seed)) << result.err;
  }
}

TEST(Repeat, the_first_run_that_does_not_pass_is_named_and_decides) {
  const ScenarioFile file(std::string(kSpin) + "[checks]\nmax_gap = \"1ns\"\n");
  const CommandResult all =
      schedrig({"run", file.path(), "--repeat", "3", "--seed", "5", "--json", "-"});
  EXPECT_EQ(all.exit_code, 1);
  const auto document = json::parse(all.out, "report");
  ASSERT_TRUE(document) << document.error().message << all.out;
  EXPECT_EQ(document->find("seed")->as_uint64(), 5U);
  EXPECT_TRUE(contains(all.err, "3 runs: 3 fail; the first that did not pass was run 1, seed 5"))
      << all.err;
  const CommandResult first = schedrig({"run", file.path(), "--until-fail"});
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_TRUE(contains(first.out, "1 run: 1 fail")) << first.out;
  EXPECT_TRUE(contains(first.out, " --seed 1\n")) << "how to make that run again";
}

TEST(Repeat, bad_counts_are_refused) {
  const ScenarioFile file(kSpin);
  for (const char* count : {"0", "-1", "many", "99999999999999999999"}) {
    EXPECT_EQ(schedrig({"run", file.path(), "--repeat", count}).exit_code, 2) << count;
  }
}

std::ptrdiff_t entries_of(const fs::path& folder) {
  std::error_code ignored;
  return std::distance(fs::directory_iterator(folder, ignored), fs::directory_iterator());
}

// Pages of memory that a process has resident.
long resident_pages(const std::string& proc) {
  long size = 0;
  long resident = 0;
  std::ifstream(proc + "/statm") >> size >> resident;
  return resident;
}

TEST(Repeat, two_hundred_runs_hold_no_more_than_ten) {
  const ScenarioFile file(kSpin);
  // Long enough a run that the test looks while the tenth has just ended.
  test::Command command({kSchedrig, "run", file.path(), "--until-fail", "--set",
                         "run.duration=\"20s\"", "--set", "step[0].hold=\"10s\""});
  const std::string proc = "/proc/" + std::to_string(command.pid());
  ASSERT_TRUE(command.wait_for_stderr("seed=10 "));
  const auto fds = entries_of(proc + "/fd");
  const auto threads = entries_of(proc + "/task");
  const long pages = resident_pages(proc);
  ASSERT_GT(fds, 2);
  ASSERT_GT(pages, 100);
  ASSERT_TRUE(command.wait_for_stderr("seed=200 "));
  // One of a kind leaked a run would be 190 more; a few come and go within a run.
  EXPECT_LT(entries_of(proc + "/fd"), fds + 10);
  EXPECT_LT(entries_of(proc + "/task"), threads + 10);
  EXPECT_LT(resident_pages(proc), pages + 1024) << "4 MiB: 20 KiB a run";
  command.kill(SIGINT);
  EXPECT_EQ(command.finish().exit_code, 130);
}

TEST(Seed, takes_every_value_of_64_bits) {
  const ScenarioFile file(kSpin);
  for (const char* seed : {"0", "9223372036854775808", "18446744073709551615"}) {
    const CommandResult result = schedrig({"run", file.path(), "--seed", seed});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(contains(result.err, std::string("seed=") + seed + " ")) << result.err;
  }
  for (const char* seed : {"-1", "18446744073709551616", "1.5", "x", ""}) {
    const CommandResult result = schedrig({"run", file.path(), "--seed", seed});
    EXPECT_EQ(result.exit_code, 2) << seed;
    EXPECT_TRUE(contains(result.err, "0 to 18446744073709551615")) << result.err;
  }
}

TEST(Verbosity, quiet_twice_leaves_the_outcome_line_only) {
  const ScenarioFile file(kSpin);
  const CommandResult quiet = schedrig({"run", file.path(), "-q", "-q"});
  EXPECT_EQ(quiet.out, "");
  EXPECT_EQ(std::ranges::count(quiet.err, '\n'), 1) << quiet.err;
  const CommandResult once = schedrig({"run", file.path(), "-q"});
  EXPECT_TRUE(contains(once.out, "PASS")) << once.out;
  EXPECT_EQ(std::ranges::count(once.err, '\n'), 1) << once.err;
}

TEST(Verbosity, an_empty_path_is_said_to_be_one) {
  const CommandResult result = schedrig({"run", ""});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(contains(result.err, "the path is empty: name a scenario file")) << result.err;
}

TEST(Colour, follows_the_option_and_no_terminal_has_none) {
  const ScenarioFile file(kSpin);
  EXPECT_TRUE(contains(schedrig({"run", file.path(), "--color", "always"}).out, "\x1b[1;32mPASS"));
  EXPECT_FALSE(contains(schedrig({"run", file.path()}).out, "\x1b["));
  EXPECT_EQ(schedrig({"run", file.path(), "--color", "blue"}).exit_code, 2);
}

TEST(TopologyHost, is_the_machine_that_schedrig_runs_on) {
  const ScenarioFile file(kSpin);
  const CommandResult plan =
      schedrig({"run", "--dry-run", file.path(), "--set", "machine.topology=\"host\""});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  EXPECT_TRUE(
      contains(plan.out, cpus == 1 ? ", CPUs 0," : ", CPUs 0-" + std::to_string(cpus - 1) + ","))
      << plan.out;
}

} // namespace
} // namespace schedrig
