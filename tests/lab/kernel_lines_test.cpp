// SPDX-License-Identifier: MIT
// sched_ext on the kernels of the cache, each in an emulated host of its own, with one set of BPF
// objects: kernel_line_test.cpp on those that take schedulers, and a refusal with its cause on
// those that do not.
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/lab/kernel_lines.hpp"
#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

void run_suite(const kernel::KernelEntry& kernel) {
  const std::vector<std::string> needed = {SCHEDRIG_BINARY, SCHEDRIG_SOURCE_DIR "/configs"};
  std::vector<std::string> command = {SCHEDRIG_BINARY, "lab",      "exec",   "--timeout",
                                      "900",           "--kernel", kernel.id};
  for (const std::string& path : needed) {
    command.insert(command.end(), {"--stage", path});
  }
  command.insert(command.end(),
                 {"--", SCHEDRIG_RUNS_TEST, std::string("--schedrig=") + SCHEDRIG_BINARY,
                  std::string("--configs=") + SCHEDRIG_SOURCE_DIR + "/configs",
                  "--gtest_filter=KernelLine.*"});
  const test::CommandResult result = test::run_command(command);
  EXPECT_EQ(result.exit_code, 0) << kernel.id << "\n" << result.out << result.err;
  EXPECT_NE(result.out.find("[  PASSED  ]"), std::string::npos) << result.out << result.err;
}

void expect_refused(const kernel::KernelEntry& kernel) {
  const test::CommandResult result = test::run_command(
      {SCHEDRIG_BINARY, "lab", "run", SCHEDRIG_SOURCE_DIR "/configs/kvm/shipped_schedulers.toml",
       "--set", "machine.kernel=\"" + kernel.id + "\""});
  EXPECT_EQ(result.exit_code, 2) << kernel.id << "\n" << result.out << result.err;
  EXPECT_NE(result.err.find(kernel::sched_ext_line(kernel.facts)), std::string::npos)
      << kernel.id << "\n"
      << result.err;
}

TEST(KernelLines, run_the_shipped_schedulers_or_say_why_not) {
  const auto cache = kernel::KernelCache::open();
  ASSERT_TRUE(cache) << cache.error().message;
  const auto lines = lab::newest_of_each_line(cache->list());
  std::vector<kernel::KernelEntry> whole;
  std::vector<kernel::KernelEntry> unusable;
  for (const kernel::KernelEntry& line : lines) {
    (line.facts.whole() ? whole : unusable).push_back(line);
  }
  ASSERT_FALSE(whole.empty()) << "run `schedrig lab setup`";
  if (lab::wants_all_lines()) {
    for (const kernel::KernelEntry& kernel : whole) {
      std::cout << kernel.id << "\n" << std::flush;
      run_suite(kernel);
    }
    for (const kernel::KernelEntry& kernel : unusable) {
      std::cout << kernel.id << ": " << kernel::sched_ext_line(kernel.facts) << "\n" << std::flush;
      expect_refused(kernel);
    }
  } else if (whole.size() > 1) {
    run_suite(whole.back()); // the newest one has its turn in lab.kvm_runs
  } else {
    std::cout << "one line of kernels only: `schedrig kernel fetch VERSION` gets another\n";
  }
}

} // namespace
} // namespace schedrig
