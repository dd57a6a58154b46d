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

TEST(RunInTheLab, of_several_runs_only_the_json_document_comes_back) {
  const std::string events = testing::TempDir() + "schedrig-lab-events.jsonl";
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"lab", "run"}, std::vector<std::string>{"run", "--lab"}}) {
    std::vector<std::string> command = verb;
    command.insert(command.end(), {kQuickstart, "--repeat", "2", "--events", events});
    const CommandResult result = schedrig(command);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_TRUE(contains(result.err, "only the JSON document comes back, no events")) << result.err;
  }
  EXPECT_FALSE(fs::exists(events));
}

TEST(DryRun, names_the_cold_ops_that_share_a_freeze_window) {
  const auto read = [](const std::string& tag) {
    return "[[step.op]]\nkind = \"read_kernel_cold\"\ntag = \"" + tag +
           "\"\ntarget = { symbol = \"nr_threads\" }\nwidth = \"u32\"\n";
  };
  const ScenarioFile file(std::string("schema = 1\n[[step]]\nname = \"s\"\n") + read("a") +
                          read("b") + "[[step.op]]\nkind = \"add_cgroup\"\nname = \"x\"\n" +
                          read("c"));
  const CommandResult result = schedrig({"run", "--dry-run", file.path()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "step 1/1 s\n  ops 1 to 2 share one freeze window\n  op 1 "))
      << result.out;
  const std::string::size_type first = result.out.find("share one");
  EXPECT_EQ(result.out.find("share one", first + 1), std::string::npos)
      << "op 4 is behind another op: its window is its own\n"
      << result.out;
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
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps what was freed; it looks for leaks itself";
#endif
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

// The last line of `text`, without its end.
std::string last_line(const std::string& text) {
  const std::string lines = text.substr(0, text.find_last_not_of('\n') + 1);
  return lines.substr(lines.rfind('\n') + 1);
}

// The runs are so short that most of these signals come between two of them.
TEST(Repeat, interrupted_within_a_run_or_between_two_it_counts_and_says_so) {
  const ScenarioFile file(kSpin);
  for (int i = 0; i < 12; ++i) {
    test::Command command({kSchedrig, "run", file.path(), "--until-fail", "-q", "-q"});
    ASSERT_TRUE(command.wait_for_stderr("seed=" + std::to_string(1 + i % 4) + " "));
    usleep(static_cast<useconds_t>(i) * 300);
    command.kill(SIGINT);
    command.kill(SIGINT); // as timeout(1) does: the process, then its group
    const CommandResult result = command.finish();
    EXPECT_EQ(result.exit_code, 130);
    EXPECT_TRUE(contains(last_line(result.out), " pass")) << result.out;
    EXPECT_TRUE(contains(last_line(result.err), " exit=130 end=interrupted ")) << result.err;
  }
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

TEST(Run, checks_the_isolation_of_workers_whose_cpuset_came_later) {
  const ScenarioFile file(R"(schema = 1
[run]
name = "later"
scheduler = "fifo"
[machine]
topology = "1n1l4c1t"
[[backdrop.cgroup]]
name = "a"
work = [ { type = "spin", workers = 4 } ]
[[step]]
name = "free"
hold = "200ms"
[[step]]
name = "limited"
hold = "200ms"
[[step.op]]
kind = "set_cpuset"
cgroup = "a"
cpus = { exact = "0" }
)");
  const CommandResult result = schedrig({"run", file.path(), "--json", "-"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto report = json::parse(result.out, "report");
  ASSERT_TRUE(report) << result.out;
  std::size_t elsewhere_before = 0;
  for (const json::Value& worker : *report->find("workers")->as_array()) {
    EXPECT_EQ(*worker.find("cpus_since_limited")->as_array(), json::Array{json::Value(0)});
    elsewhere_before += worker.find("cpus_used")->as_array()->size() - 1;
  }
  EXPECT_EQ(elsewhere_before, 3U) << "each had a CPU of its own";
  EXPECT_NE(result.out.find("4 workers with a cpuset, no excursion"), std::string::npos)
      << result.out;
}

// Samples in virtual time: the same bytes each time.
TEST(Run, monitors_the_run_queues_of_a_machine_that_runs) {
  const ScenarioFile file(R"(schema = 1
[run]
scheduler = "fifo"
[machine]
topology = "1n1l2c1t"
[checks]
work_conservation = "100ms"
max_imbalance_ratio = 100.0
max_dsq_depth = 1
max_keep_last_rate = 1000000.0
stuck_clock = true
[observe]
monitor = "10ms"
[[step]]
hold = "200ms"
[[step.cgroup]]
name = "a"
work = [ { type = "spin", workers = 6 } ]
)");
  const CommandResult result = schedrig({"run", file.path(), "--json", "-"});
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  EXPECT_EQ(result.out, schedrig({"run", file.path(), "--json", "-"}).out);
  const auto report = json::parse(result.out, "report");
  ASSERT_TRUE(report) << result.out;
  const json::Value& monitor = *report->find("monitor");
  EXPECT_EQ(*monitor.find("schema")->as_string(), "schedrig.monitor/1");
  EXPECT_EQ(monitor.find("unreadable")->as_int64(), 0) << result.out;
  const json::Array& samples = *monitor.find("samples")->as_array();
  ASSERT_GE(samples.size(), 20U);
  EXPECT_EQ(*samples[1].find("at_ns")->as_int64() - *samples[0].find("at_ns")->as_int64(),
            10'000'000);
  const json::Value& late = samples[15];
  EXPECT_EQ(late.find("deepest")->as_int64(), 4) << "six spinners, two run";
  EXPECT_EQ(*late.find("deepest_queue")->as_string(), "DSQ 0");
  EXPECT_EQ(late.find("cpus")->as_array()->size(), 2U);
  EXPECT_NE(late.find("counters")->find("SCX_EV_DISPATCH_KEEP_LAST"), nullptr);
  std::map<std::string, std::string> verdicts;
  for (const json::Value& check : *report->find("checks")->as_array()) {
    verdicts[*check.find("name")->as_string()] = *check.find("verdict")->as_string();
  }
  EXPECT_EQ(verdicts["max_dsq_depth"], "fail");
  for (const char* passes : {"work_conservation", "lost_task", "max_imbalance_ratio",
                             "max_keep_last_rate", "stuck_clock"}) {
    EXPECT_EQ(verdicts[passes], "pass") << passes;
  }
}

// No watchdog has barked yet; the check alone names the task and what keeps it from running.
TEST(Run, finds_a_cpu_that_idles_beside_a_waiting_task) {
  const std::vector<std::string> command = {"run",    kSource + "/configs/corpus/missed_kick.toml",
                                            "--set",  "run.scheduler=\"buggy\"",
                                            "--set",  "scheduler[1].params.watchdog=\"30s\"",
                                            "--set",  "checks.work_conservation=\"10ms\"",
                                            "--json", "-"};
  const CommandResult result = schedrig(command);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const auto report = json::parse(result.out, "report");
  ASSERT_TRUE(report) << result.out << result.err;
  ASSERT_FALSE(report->find("failure")->is_null()) << result.out;
  EXPECT_EQ(*report->find("failure")->find("kind")->as_string(), "missed_kick");
  EXPECT_EQ(*report->find("failure")->find("blame")->as_string(), "scheduler");
  const CommandResult fixed =
      schedrig({"run", kSource + "/configs/corpus/missed_kick.toml", "--set",
                "checks.work_conservation=\"10ms\"", "--json", "-"});
  EXPECT_EQ(fixed.exit_code, 0) << fixed.err;
}

TEST(Summary, tells_worker_groups_of_one_cgroup_apart) {
  const ScenarioFile file(R"(schema = 1
[[step]]
hold = "100ms"
[[step.cgroup]]
name = "batch"
work = [ { type = "spin", workers = 2 }, { type = "spin", workers = 2, nice = 5 },
         { type = "yield" }, { type = "yield" } ]
)");
  const CommandResult result = schedrig({"run", file.path()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* row :
       {"  batch                spin           ", "  batch                spin nice 5    ",
        "  batch                yield #2     ", "  batch                yield #3     "}) {
    EXPECT_TRUE(contains(result.out, row)) << row << "\n" << result.out;
  }
}

TEST(Summary, shows_what_a_terminal_would_obey_and_cuts_what_nobody_reads) {
  const std::string name = "\x1b[2Jrun\n" + std::string(100'000, 'n');
  const std::string spelled = R"(\u001b[2Jrun\n)" + std::string(100'000, 'n');
  const ScenarioFile file("schema = 1\n[run]\nname = \"" + spelled +
                          "\"\n[[step]]\nname = \"\\u009bstep\"\nhold = \"10ms\"\n");
  const CommandResult result = schedrig({"run", file.path(), "-v"});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const std::string& stream : {result.out, result.err}) {
    EXPECT_FALSE(contains(stream, "\x1b")) << stream;
    EXPECT_FALSE(contains(stream, "\xc2\x9b")) << stream;
    EXPECT_LT(stream.size(), 5'000U);
    EXPECT_TRUE(contains(stream, R"(\xc2\x9bstep)")) << stream;
  }
  EXPECT_TRUE(contains(result.out, R"(PASS  \x1b[2Jrun\x0annn)")) << result.out;
  const CommandResult plan = schedrig({"run", "--dry-run", file.path()});
  EXPECT_FALSE(contains(plan.out, "\x1b")) << plan.out;
  EXPECT_LT(plan.out.size(), 10'000U);
  const auto json = json::parse(schedrig({"run", file.path(), "--json", "-"}).out, "report");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("name")->as_string(), name);
}

} // namespace
} // namespace schedrig
