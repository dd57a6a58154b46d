// SPDX-License-Identifier: MIT
// Scheduling commands on kvm in the emulated host: the guest's kernel tells what was stolen from
// it, and the host's /proc where the vCPUs' threads are meanwhile.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

class Commands : public testing::TestWithParam<const char*> {};

TEST_P(Commands, do_to_a_real_kernel_what_their_scenario_checks) {
  const test::CommandResult result =
      run_on_kvm(options().configs / (std::string(GetParam()) + ".toml"));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

INSTANTIATE_TEST_SUITE_P(Configs, Commands, testing::Values("stalled_vcpu", "pinned_pair"),
                         [](const auto& config) { return std::string(config.param); });

TEST(CommandsWatchdog, fires_and_is_reported) {
  const test::TempDir temp;
  const fs::path report = temp.path() / "report.json";
  const test::CommandResult result =
      run_on_kvm(options().configs / "watchdog.toml", {"--json", report.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_NE(result.out.find("by a scheduling command: watchdog (4)"), std::string::npos)
      << result.out;
  const auto document = json::parse(text_of(report), "report");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(*document->find("shutdown")->find("reason")->as_string(), "watchdog");
  EXPECT_EQ(*document->find("steps")->as_array()->at(2).find("verdict")->as_string(), "skip");
}

std::string first_line(const fs::path& path, const std::string& start) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) {
      return line.substr(start.size());
    }
  }
  return "";
}

// Of the threads of `pid` that are called "vcpuN": what that line of their status says.
std::map<std::string, std::string> vcpu_threads(pid_t pid, const std::string& line) {
  std::map<std::string, std::string> found;
  std::error_code gone;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    const std::string name = first_line(task.path() / "comm", "");
    if (name.starts_with("vcpu")) {
      found[name] = first_line(task.path() / "status", line + ":\t");
    }
  }
  return found;
}

// Whether both threads say this at one look before the run ends, which takes as long as it likes.
bool seen(test::Command& command, const std::string& step, const std::string& line,
          const std::map<std::string, std::string>& expected) {
  if (!command.wait_for_stderr(step)) {
    return false;
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::chrono::steady_clock::now() < deadline) {
    if (vcpu_threads(command.pid(), line) == expected) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Booted, so that no other machine is made ahead, whose threads have the same names.
std::vector<std::string> watched_run(const fs::path& config) {
  return {options().schedrig, "run", config.string(), "--cold", "--set", "run.backend=\"kvm\""};
}

TEST(CommandsPinned, vcpus_have_one_cpu_of_the_host_while_they_are_bound) {
  const test::TempDir temp;
  const std::string config = R"(
schema = 1
[run]
name = "pinned"
deadline = "10min"
[machine]
topology = "1n1l2c1t"
[[step]]
name = "bound"
hold = "5s"
op = [
  { kind = "sched_command", vcpu = 0, command = { pin_override = { pcpu = 0 } } },
  { kind = "sched_command", vcpu = 1, command = { pin_override = { pcpu = 0 } } },
]
)";
  const std::string allowed = first_line("/proc/self/status", "Cpus_allowed_list:\t");
  const std::string first = allowed.substr(0, allowed.find_first_of(",-"));
  test::Command command(watched_run(temp.write("pinned.toml", config)));
  EXPECT_TRUE(
      seen(command, "step 1/1 bound", "Cpus_allowed_list", {{"vcpu0", first}, {"vcpu1", first}}));
  const test::CommandResult result = command.finish();
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST(CommandsBlocked, a_vcpu_that_spins_in_the_guest_sleeps_in_the_host_while_it_is_blocked) {
  const test::TempDir temp;
  const std::string config = R"(
schema = 1
[run]
name = "blocked"
deadline = "10min"
[machine]
topology = "1n1l2c1t"
[[backdrop.cgroup]]
name = "spinners"
work = [ { type = "spin", workers = 2 } ]
[[step]]
name = "blocked"
hold = "5s"
op = [
  { kind = "sched_command", vcpu = 0, command = "block" },
  { kind = "sched_command", vcpu = 1, command = "block" },
]
[checks]
not_stuck = false
)";
  test::Command command(watched_run(temp.write("blocked.toml", config)));
  EXPECT_TRUE(seen(command, "step 1/1 blocked", "State",
                   {{"vcpu0", "S (sleeping)"}, {"vcpu1", "S (sleeping)"}}));
  const test::CommandResult result = command.finish();
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

} // namespace
} // namespace schedrig::lab
