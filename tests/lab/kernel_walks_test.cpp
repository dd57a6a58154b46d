// SPDX-License-Identifier: MIT
// kernel_walk_test in the emulated host, with the newest kernel in the cache and the oldest: what
// the kernel calls its fields changes from version to version.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "host/kernel/kernel_cache.hpp"
#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

TEST(Lab, walks_find_in_each_kernel_what_it_says_of_itself) {
  const auto cache = kernel::KernelCache::open();
  ASSERT_TRUE(cache) << cache.error().message;
  const auto kernels = cache->list();
  ASSERT_FALSE(kernels.empty()) << "run `schedrig lab setup`";
  const std::set<std::string> ids = {kernels.front().id, kernels.back().id};
  for (const std::string& id : ids) {
    const test::CommandResult result =
        test::run_command({SCHEDRIG_BINARY,
                           "lab",
                           "exec",
                           "--timeout",
                           "900",
                           "--kernel",
                           id,
                           "--stage",
                           SCHEDRIG_AGENT,
                           "--stage",
                           SCHEDRIG_MAPS_PROGRAM,
                           "--stage",
                           SCHEDRIG_LOADER,
                           "--stage",
                           SCHEDRIG_SCHEDULERS,
                           "--",
                           SCHEDRIG_WALK_TEST,
                           std::string("--agent=") + SCHEDRIG_AGENT,
                           std::string("--maps=") + SCHEDRIG_MAPS_PROGRAM,
                           std::string("--schedulers=") + SCHEDRIG_SCHEDULERS,
                           "--kernel=" + id});
    EXPECT_EQ(result.exit_code, 0) << id << "\n" << result.out << result.err;
  }
}

} // namespace
} // namespace schedrig
