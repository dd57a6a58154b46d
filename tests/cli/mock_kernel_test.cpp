// SPDX-License-Identifier: MIT
// The kernel of a simulated machine, looked into by the scenarios that are made for a real one.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/cli/schedrig_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class MockKernelConfigs : public testing::TestWithParam<std::string> {};

TEST_P(MockKernelConfigs, pass_with_the_same_report_each_time) {
  const test::TempDir temp;
  const fs::path report = temp.path() / "report.json";
  std::vector<std::string> reports;
  for (int run = 0; run < 2; ++run) {
    const CommandResult result =
        schedrig({"run", kSource + "/configs/kvm/" + GetParam() + ".toml", "--set",
                  "run.backend=\"mock\"", "--json", report.string()});
    EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
    reports.push_back(text_of(report) + text_of(temp.path() / "report.snapshot-busy.json"));
  }
  EXPECT_FALSE(reports[0].empty());
  EXPECT_EQ(reports[0], reports[1]);
}

INSTANTIATE_TEST_SUITE_P(Files, MockKernelConfigs,
                         testing::Values("kernel_memory", "watch", "snapshots"),
                         [](const auto& file) { return file.param; });

std::string snapshot_scenario(const std::string& check) {
  return R"(schema = 1
[run]
scheduler = "fifo"
[backend.mock]
kaslr = true
[checks]
values = [{ path = ")" +
         check + R"(", op = ">", value = 0 }]
[[step]]
hold = "100ms"
[[step.cgroup]]
name = "load"
work = [{ type = "spin", workers = 6 }]
[[step]]
op = [{ kind = "capture_snapshot", name = "here" },
      { kind = "read_kernel_cold", tag = "n", target = { map = { name = "fifo.bss", field = "nr_dispatched" } }, width = "u64" }]
)";
}

TEST(MockKernel, a_schedulers_counters_are_judged_by_their_names) {
  const ScenarioFile file(snapshot_scenario("snapshots.here.maps['fifo.bss'].nr_dispatched"));
  const test::TempDir temp; // of the snapshot, too
  const CommandResult result =
      schedrig({"run", file.path(), "--json", (temp.path() / "report.json").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_TRUE(contains(result.out, "check snapshots.here.maps['fifo.bss'].nr_dispatched  pass"))
      << result.out;
}

TEST(MockKernel, a_name_that_is_not_there_is_answered_with_those_that_are) {
  const ScenarioFile file(snapshot_scenario("snapshots.here.maps['fifo.bss'].nr_lost"));
  const test::TempDir temp; // of the snapshot, too
  const CommandResult result =
      schedrig({"run", file.path(), "--json", (temp.path() / "report.json").string()});
  EXPECT_NE(result.exit_code, 0) << result.out;
  EXPECT_TRUE(contains(result.out, "nr_enqueued, nr_dispatched")) << result.out;
}

} // namespace
} // namespace schedrig
