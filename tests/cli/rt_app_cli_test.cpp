// SPDX-License-Identifier: MIT
// rt-app files under every shipped policy: our own, and each example of Debian's package rt-app,
// which runs or is refused at a line.
#include <algorithm>
#include <array>
#include <regex>
#include <string>
#include <vector>

#include "host/json/text.hpp"
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

constexpr std::array kPolicies = {"eevdf", "fifo", "vtime", "central", "faulty"};
const fs::path kExamples = "/usr/share/doc/rt-app/examples";

std::string scenario(const std::string& workload) {
  return "schema = 1\n[machine]\ntopology = \"1n1l4c1t\"\n"
         "[[workload]]\nimport = \"" +
         workload +
         "\"\ncgroup = \"tasks\"\n[[backdrop.cgroup]]\nname = \"tasks\"\n"
         "[[step]]\nhold = \"1s\"\n"
         "[checks]\nnot_stuck = false\n"; // a task may do nothing for a second, and rightly
}

CommandResult run_under(const std::string& policy, const std::string& workload) {
  const ScenarioFile file(scenario(workload), "rt-app-" + policy);
  return schedrig({"run", file.path(), "--set", "run.scheduler=\"" + policy + "\"", "--json", "-"});
}

class RtAppUnder : public testing::TestWithParam<const char*> {};

TEST_P(RtAppUnder, our_example_runs_and_reports_each_task) {
  const CommandResult result = run_under(GetParam(), kSource + "/docs/reference/rt_app.json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto document = json::parse(result.out, "report");
  ASSERT_TRUE(document) << document.error().message;
  const json::Value* workers = document->find("workers");
  ASSERT_TRUE(workers != nullptr && workers->as_array() != nullptr) << result.out;
  EXPECT_EQ(workers->as_array()->size(), 4U); // source, sink, two loggers
}

TEST_P(RtAppUnder, each_example_of_the_package_runs_or_is_refused_at_a_line) {
  if (!fs::is_directory(kExamples)) {
    GTEST_SKIP() << "the package rt-app is not installed";
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kExamples)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  const std::regex located(R"(\.json:[1-9][0-9]*:[1-9][0-9]*: error: )");
  std::size_t ran = 0;
  for (const fs::path& file : files) {
    const CommandResult result = run_under(GetParam(), file.string());
    ran += result.exit_code == 0 ? 1 : 0;
    const bool refused = result.exit_code == 2 && std::regex_search(result.err, located);
    EXPECT_TRUE(result.exit_code == 0 || refused) << file << ": " << result.err;
  }
  EXPECT_GE(ran, 10U); // of rt-app 1.0
}

INSTANTIATE_TEST_SUITE_P(Policies, RtAppUnder, testing::ValuesIn(kPolicies),
                         [](const auto& policy) { return std::string(policy.param); });

} // namespace
} // namespace schedrig
