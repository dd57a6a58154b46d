// SPDX-License-Identifier: MIT
// kernel_walk_test in the emulated host, with the newest kernel in the cache and the oldest, or one
// of each line (kernel_lines.hpp): what the kernel calls its fields changes from version to
// version.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/lab/kernel_lines.hpp"
#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

TEST(Lab, walks_find_in_each_kernel_what_it_says_of_itself) {
  const auto cache = kernel::KernelCache::open();
  ASSERT_TRUE(cache) << cache.error().message;
  auto kernels = lab::newest_of_each_line(cache->list());
  ASSERT_FALSE(kernels.empty()) << "run `schedrig lab setup`";
  if (!lab::wants_all_lines() && kernels.size() > 2) {
    kernels.erase(kernels.begin() + 1, kernels.end() - 1);
  }
  for (const kernel::KernelEntry& kernel : kernels) {
    const std::string& id = kernel.id;
    const test::CommandResult result = test::run_command(
        {SCHEDRIG_BINARY, "lab", "exec", "--timeout", "900", "--kernel", id, "--stage",
         SCHEDRIG_AGENT, "--stage", SCHEDRIG_MAPS_PROGRAM, "--stage", SCHEDRIG_LOADER, "--stage",
         SCHEDRIG_SCHEDULERS, "--", SCHEDRIG_WALK_TEST, std::string("--agent=") + SCHEDRIG_AGENT,
         std::string("--maps=") + SCHEDRIG_MAPS_PROGRAM,
         std::string("--schedulers=") + SCHEDRIG_SCHEDULERS, "--kernel=" + id,
         // Else there is no scheduler to look at, and its tasks may lack the fields of sched_ext.
         kernel.facts.whole() ? "--gtest_filter=*"
                              : "--gtest_filter=-SchedulerWalk.*:*a_task_of_another_class*"});
    EXPECT_EQ(result.exit_code, 0) << id << "\n" << result.out << result.err;
  }
}

} // namespace
} // namespace schedrig
