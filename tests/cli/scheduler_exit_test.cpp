// SPDX-License-Identifier: MIT
// What the author of a scheduler sees when it breaks a rule: the cause first, the kernel's message,
// the task, and what to do - on the console and in the report.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/json/text.hpp"
#include "host/json/value.hpp"
#include "tests/support/run_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;
using test::CommandResult;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Planted {
  std::string fault;
  std::vector<std::string> shown; // in the summary, in this order
};

void PrintTo(const Planted& one, std::ostream* out) {
  *out << one.fault;
}

std::string scenario(const std::string& fault) {
  return R"(schema = 1
[run]
name = "planted"
scheduler = "mine"
[machine]
topology = "1n1l2c1t"
[[scheduler]]
name = "mine"
plugin = "faulty"
params = { after = "100ms", watchdog = "500ms", fault = ")" +
         fault + R"(" }
[[step]]
name = "load"
hold = "24s"
[[step.cgroup]]
name = "a"
work = [ { type = "spin", workers = 3 }, { type = "spin", affinity = { exact = "1" } } ]
)";
}

class PlantedBugs : public testing::TestWithParam<Planted> {
 protected:
  void SetUp() override {
    path_ = fs::path(testing::TempDir()) /
            ("planted-" + GetParam().fault + "-" + std::to_string(getpid()) + ".toml");
    std::ofstream(path_) << scenario(GetParam().fault);
  }
  void TearDown() override { fs::remove(path_); }
  [[nodiscard]] CommandResult run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {SCHEDRIG_BINARY, "run", path_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_command(std::move(arguments));
  }

 private:
  fs::path path_;
};

TEST_P(PlantedBugs, are_told_with_cause_task_and_remedy) {
  const CommandResult result = run({});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  std::size_t at = 0;
  for (const std::string& part : GetParam().shown) {
    const std::size_t found = result.out.find(part, at);
    EXPECT_NE(found, std::string::npos) << part << "\nin\n" << result.out;
    at = found == std::string::npos ? at : found;
  }
  EXPECT_LT(result.out.find("cause: "), result.out.find("  step 1"));
}

TEST_P(PlantedBugs, are_events_of_the_report) {
  const CommandResult result = run({"--json", "-"});
  const auto document = json::parse(result.out, "report");
  ASSERT_TRUE(document) << document.error().message;
  const auto* events = document->find("scheduler_events");
  ASSERT_NE(events, nullptr);
  ASSERT_NE(events->as_array(), nullptr);
  ASSERT_EQ(events->as_array()->size(), 2U);
  const json::Value& exit = events->as_array()->back();
  EXPECT_EQ(*exit.find("event")->as_string(), "exit");
  EXPECT_EQ(*exit.find("scheduler")->as_string(), "mine");
  EXPECT_NE(exit.find("exit")->find("dump")->as_string()->find("CPU"), std::string::npos);
  EXPECT_EQ(*document->find("cause")->find("code")->as_string(), "scheduler_exit");
}

INSTANTIATE_TEST_SUITE_P(
    Faults, PlantedBugs,
    testing::Values(
        Planted{"unknown_dsq",
                {"cause: step 1 \"load\", hold: scheduler \"mine\" was ejected",
                 "SCX_EXIT_ERROR (1024), runtime error: non-existent DSQ 0x7 for spin[",
                 "help: task pid ", "was inserted into DSQ 7, which does not exist",
                 "create_dsq(7) in on_init"}},
        Planted{"insert_twice", {"already direct-dispatched", "help: task pid ", "insert it once"}},
        Planted{"bad_cpu", {"invalid CPU 2", "help: CPUs are 0 to 1"}},
        Planted{"forbidden_cpu",
                {"target CPU 0 not allowed for spin[", "help: task pid ", "may not run on CPU 0"}},
        Planted{"drop",
                {"SCX_EXIT_ERROR_STALL (1026), runnable task stall: spin[", "failed to run for",
                 "is runnable since ", "help: no DSQ holds the task",
                 "diagnosis: lost_task, blame: scheduler", "on no queue",
                 "its log:", "dropping task pid ", "state at the exit:"}},
        Planted{"stall",
                {"SCX_EXIT_ERROR_STALL (1026)", "is runnable since ",
                 "help: the task waits in DSQ 0: on_dispatch"}},
        Planted{"slow", {"soft lockup - CPU", "help: a callback takes too long"}},
        Planted{"throw", {"SCX_EXIT_ERROR_BPF (1025)", "uncaught exception: asked to"}},
        Planted{"error", {"SCX_EXIT_ERROR_BPF (1025), scx_bpf_error: asked to"}},
        Planted{"exit", {"SCX_EXIT_UNREG_BPF (65), unregistered from BPF", "expect ="}},
        Planted{"restart",
                {"SCX_EXIT_UNREG_BPF (65)", "exit code 281474976710656", "on_exit = \"restart\""}}),
    [](const auto& each) { return each.param.fault; });

class ExitSnapshots : public testing::Test {
 protected:
  json::Value run(const std::string& fault, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {SCHEDRIG_BINARY, "run",
                                          temp_.write("planted.toml", scenario(fault)).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    result_ = test::run_command(std::move(arguments));
    auto document = json::parse(more.back() == "-" ? result_.out : text_of(report_), "report");
    EXPECT_TRUE(document) << document.error().message << result_.err;
    return document ? *std::move(document) : json::Value::object();
  }
  static const json::Value& last_event(const json::Value& document) {
    return document.find("scheduler_events")->as_array()->back();
  }

  test::TempDir temp_;
  fs::path report_ = temp_.path() / "report.json";
  CommandResult result_;
};

TEST_F(ExitSnapshots, of_an_error_lie_beside_the_report) {
  const json::Value document = run("unknown_dsq", {"--json", report_.string()});
  EXPECT_NE(result_.out.find("    snapshot at "), std::string::npos) << result_.out;
  const json::Value& event = last_event(document);
  const json::Value& named = *event.find("exit")->find("snapshot");
  ASSERT_NE(named.as_string(), nullptr) << text_of(report_);
  EXPECT_EQ(*named.as_string(), "scheduler exit");
  ASSERT_EQ(document.find("snapshots")->as_array()->size(), 1U);
  const json::Value& one = document.find("snapshots")->as_array()->front();
  EXPECT_EQ(*one.find("name")->as_string(), "scheduler exit");
  EXPECT_EQ(*one.find("trigger")->as_string(), "scheduler exit");
  EXPECT_EQ(one.find("at_ns")->as_int64(), event.find("at_ns")->as_int64()) << "at once";
  const auto snapshot = json::parse(text_of(*one.find("file")->as_string()), "snapshot");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_GE(snapshot->find("tasks")->as_array()->size(), 4U);
}

TEST_F(ExitSnapshots, show_what_waited_where_when_the_scheduler_died) {
  const json::Value document = run("stall", {"--json", report_.string()});
  const json::Value& exit = *last_event(document).find("exit");
  EXPECT_EQ(*exit.find("snapshot_by")->as_string(), "watch");
  EXPECT_TRUE(exit.find("no_watch")->is_null());
  const json::Value& one = document.find("snapshots")->as_array()->front();
  const auto snapshot = json::parse(text_of(*one.find("file")->as_string()), "snapshot");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  std::size_t waiting = 0;
  for (const json::Value& queue : *snapshot->find("dsqs")->as_array()) {
    if (*queue.find("kind")->as_string() == "user") {
      EXPECT_EQ(*queue.find("scheduler")->as_string(), "mine");
      waiting += queue.find("tasks")->as_array()->size();
    }
  }
  EXPECT_GT(waiting, 0U) << "the queue that it does not take from";
}

TEST_F(ExitSnapshots, without_a_report_in_a_file_are_in_none) {
  const json::Value document = run("unknown_dsq", {"--json", "-"});
  const json::Value& one = document.find("snapshots")->as_array()->front();
  EXPECT_TRUE(one.find("file")->is_null());
}

TEST_F(ExitSnapshots, are_not_taken_of_an_exit_without_an_error) {
  const json::Value document = run("exit", {"--json", report_.string()});
  EXPECT_TRUE(last_event(document).find("exit")->find("snapshot")->is_null());
  EXPECT_TRUE(document.find("snapshots")->as_array()->empty());
}

// The kernel's message has how long the task waited: more than the limit, less than half of it more
// and far less than the scheduler's own 20 s.
TEST(MockWatchdog, of_the_machine_is_the_most_that_a_scheduler_gets) {
  std::string text = scenario("stall");
  const std::string own = "watchdog = \"500ms\"";
  text.replace(text.find(own), own.size(), "watchdog = \"20s\"");
  text += "[backend.mock]\nwatchdog = \"2s\"\n";
  const test::TempDir temp;
  const CommandResult result =
      test::run_command({SCHEDRIG_BINARY, "run", temp.write("limit.toml", text).string()});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.out.find("failed to run for 2."), std::string::npos) << result.out;
}

} // namespace
} // namespace schedrig
