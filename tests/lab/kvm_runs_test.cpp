// SPDX-License-Identifier: MIT
// kvm_runs_test: scenarios and payloads on kvm, many runs in one emulated host. The first of each
// kind of machine boots, the others start from its template.
//
// kvm_runs_test --schedrig=PROGRAM --configs=DIR --request-program=PROGRAM
// --ring-program=PROGRAM --loader-program=PROGRAM [gtest options], by `schedrig lab exec`, which
// stages all of them.
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/named_arguments.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;
using test::CommandResult;
using test::TempDir;

// CPUs of an emulated host stand still now and then: 3 s is for that. The other scenarios attach
// schedulers that only mock has, or use its faults. Ordered by machine, so that few templates are
// there at a time.
class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, passes_on_a_real_kernel) {
  const CommandResult result = run_on_kvm(options().configs / (std::string(GetParam()) + ".toml"),
                                          {"--set", "checks.max_gap=\"3s\""});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

INSTANTIATE_TEST_SUITE_P(Configs, Scenarios,
                         testing::Values("affinity_under_load", "moves_under_load", "cpuset_moves",
                                         "freeze_under_load", "irq_steering",
                                         "payloads_with_checks", "two_weights"),
                         [](const auto& config) { return std::string(config.param); });

TEST(Payloads, a_script_of_this_machine_is_a_payload_in_the_guest) {
  const TempDir temp;
  const CommandResult result = run_on_kvm(write_script_run(
      temp.path(), "while read -r line; do case $line in processor*) n=$((n+1)); esac; done "
                   "< /proc/cpuinfo\n[ $n = 2 ] && echo good: 1\n"));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_NE(result.out.find("PASS"), std::string::npos) << result.out;
}

TEST(Payloads, a_kernel_stays_at_its_link_address_only_with_kaslr_off) {
  const TempDir temp;
  const fs::path report = temp.path() / "report.json";
  const CommandResult off =
      run_on_kvm(write_script_run(temp.path(), good_at_link_address()),
                 {"--set", "backend.kvm.kaslr=false", "--json", report.string()});
  EXPECT_EQ(off.exit_code, 0) << off.err << off.out;
  EXPECT_EQ(machine_facts(report).image_format, "bzImage");
  EXPECT_EQ(machine_facts(report).kaslr, "off");
  const CommandResult on =
      run_on_kvm(write_script_run(temp.path(), good_elsewhere()), {"--json", report.string()});
  EXPECT_EQ(on.exit_code, 0) << on.err << on.out;
  EXPECT_EQ(machine_facts(report).kaslr, "on");
}

// What makes no sense is refused as such: the program gets an errno.
TEST(Payloads, a_program_in_the_guest_asks_the_host_and_is_answered) {
  const TempDir temp;
  const std::string checks = "{ metric = \"snapshot\", equals = 0 }, "
                             "{ metric = \"kernel_op\", equals = " +
                             std::to_string(-EBADMSG) + " }";
  const CommandResult result =
      run_on_kvm(temp.write("payload.toml", payload_config(options().request_program, checks)));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST(Payloads, a_kernel_that_panics_is_a_finding_with_its_words_to_the_last) {
  const TempDir temp;
  const fs::path report = temp.path() / "report.json";
  const CommandResult result = run_on_kvm(
      write_script_run(temp.path(),
                       "echo last words\ni=0; while [ $i -lt 20000 ]; do i=$((i+1)); done\n"
                       "echo c > /proc/sysrq-trigger\n"),
      {"--json", report.string()});
  EXPECT_EQ(result.exit_code, 1) << result.err << result.out;
  EXPECT_NE(result.out.find("the kernel: panic: Kernel panic - not syncing"), std::string::npos)
      << result.out;
  const auto document = json::parse(text_of(report), "report");
  ASSERT_TRUE(document) << document.error().message;
  const json::Value& payload = document->find("payloads")->as_array()->at(0);
  EXPECT_EQ(*payload.find("stdout")->find("tail")->as_string(), "last words\n") << text_of(report);
  const json::Value& panic = document->find("kernel_log")->as_array()->back();
  EXPECT_EQ(*panic.find("kind")->as_string(), "panic");
  std::string lines;
  for (const json::Value& line : *panic.find("lines")->as_array()) {
    lines += *line.as_string() + "\n";
  }
  // The outermost call of the trace, and what the kernel prints after it.
  EXPECT_NE(lines.find("entry_SYSCALL_64"), std::string::npos) << lines;
  EXPECT_NE(lines.find("Kernel Offset: "), std::string::npos) << lines;
}

// What all of it is for.
class MostRunsAreForks final : public testing::Environment {
 public:
  void TearDown() override {
    for (const auto& [start, count] : starts()) {
      std::cout << count << " runs: " << start << "\n";
    }
    constexpr int kMany = 10; // of a few, each may be another machine
    if (starts()["fork"] + starts()["cold"] >= kMany) {
      EXPECT_GT(starts()["fork"], starts()["cold"]);
    }
  }
};

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const NamedArguments arguments(argc, argv);
  options() = {.schedrig = arguments.text("schedrig"),
               .configs = arguments.text("configs"),
               .request_program = arguments.text("request-program"),
               .loader_program = arguments.text("loader-program"),
               .ring_program = arguments.text("ring-program"),
               .loads_program = arguments.text("loads-program")};
  testing::AddGlobalTestEnvironment(new MostRunsAreForks);
  return RUN_ALL_TESTS();
}

} // namespace
} // namespace schedrig::lab

int main(int argc, char** argv) {
  return schedrig::lab::run(argc, argv);
}
