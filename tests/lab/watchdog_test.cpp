// SPDX-License-Identifier: MIT
// The watchdog of a machine on a real kernel: a stall is found in the shortened time, and a machine
// that the host keeps from its work has none. Times are what the kernel itself says.
#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

using ::testing::HasSubstr;

std::string config(const std::string& run, const std::string& scheduler, const std::string& step) {
  return "schema = 1\n[run]\nname = \"watchdog\"\nbackend = \"kvm\"\nscheduler = \"mine\"\n"
         "deadline = \"600s\"\n" +
         run +
         "\n[machine]\ntopology = \"1n2l2c1t\"\n[backend.kvm]\nwatchdog = \"5s\"\n"
         "[checks]\nnot_stuck = false\nmax_gap = \"120s\"\n[[scheduler]]\nname = \"mine\"\n" +
         scheduler +
         "\n[[backdrop.cgroup]]\nname = \"load\"\nwork = [ { type = \"spin\", workers = 6 } ]\n"
         "[[step]]\nname = \"one\"\n" +
         step + "\n";
}

// By itself faulty has the kernel's 30 s, and the kernel would say that or more.
TEST(Watchdog, finds_a_stall_in_the_machines_time_instead_of_the_schedulers) {
  const test::TempDir temp;
  const auto report = temp.path() / "report.json";
  const test::CommandResult result = run_on_kvm(
      temp.write("run.toml", config("expect = \"scheduler_exit\"\n"
                                    "expect_exit = { kind = \"error_stall\" }",
                                    "plugin = \"faulty\"\nparams = { fault = \"stall\", after = "
                                    "\"3s\" }",
                                    "hold = \"30s\"")),
      {"--json", report.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  std::smatch seconds;
  ASSERT_TRUE(std::regex_search(result.out, seconds, std::regex("for ([0-9]+)\\.[0-9]+s")))
      << result.out;
  EXPECT_GE(std::stoi(seconds[1]), 5) << result.out;
  EXPECT_LT(std::stoi(seconds[1]), 30) << result.out;
  EXPECT_THAT(text_of(report), HasSubstr("watchdog.set_at"));
}

// Its loader knows nothing of the limit: it is set in the kernel's memory.
TEST(Watchdog, of_a_scheduler_with_a_loader_of_its_own_is_set_from_outside) {
  const test::TempDir temp;
  const auto report = temp.path() / "report.json";
  const test::CommandResult result = run_on_kvm(
      temp.write("run.toml", config("",
                                    "plugin = \"scx\"\nbinary = \"" + options().loader_program +
                                        "\"\nargs = [ \"keep\" ]",
                                    "hold = \"8s\"")),
      {"--json", report.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_THAT(text_of(report), HasSubstr("\"watchdog.set_from\": \"30.0 s\""));
}

// The CPUs that this process and those that it starts may use.
class OnOneCpu {
 public:
  OnOneCpu() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
      if (CPU_ISSET(cpu, &before_)) {
        CPU_SET(cpu, &one);
        break;
      }
    }
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OnOneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;

 private:
  cpu_set_t before_{};
};

TEST(Watchdog, of_four_vcpus_on_one_cpu_of_the_host_waits_for_what_they_lose) {
  const test::TempDir temp;
  const auto report = temp.path() / "report.json";
  const OnOneCpu busy;
  const test::CommandResult result =
      run_on_kvm(temp.write("run.toml", config("", "plugin = \"vtime\"", "hold = \"20s\"")),
                 {"--json", report.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  // Four CPUs that never rest on one of the host lose most of their time.
  EXPECT_THAT(text_of(report), HasSubstr("watchdog.most_given_back"));
  EXPECT_THAT(text_of(report), ::testing::Not(HasSubstr("\"watchdog.most_given_back\": \"0 ns\"")));
}

} // namespace
} // namespace schedrig::lab
