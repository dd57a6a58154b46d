// SPDX-License-Identifier: MIT
// What must hold of sched_ext on every kernel that takes schedulers, with one set of BPF objects:
// the shipped schedulers run, are read from outside, swapped and detached, and one that breaks a
// rule ends as the reference says. Run on each kernel by kernel_lines_test.cpp.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/kvm_runs.hpp"

namespace schedrig::lab {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(KernelLine, shipped_schedulers_run_are_read_swapped_and_detached) {
  const test::CommandResult result = run_on_kvm(options().configs / "kvm/shipped_schedulers.toml");
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* line : {"scheduler fifo attached at", "scheduler fifo detached at",
                           "scheduler vtime detached at", "scheduler central detached at",
                           "scheduler faulty detached at", "gap without a scheduler"}) {
    EXPECT_THAT(result.out, HasSubstr(line)) << result.out;
  }
}

TEST(KernelLine, broken_rules_end_a_scheduler_with_their_kind_and_words) {
  const test::CommandResult result = run_on_kvm(options().configs / "kvm/scheduler_endings.toml");
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  struct Ending {
    const char* scheduler;
    const char* what; // the same in all versions
  };
  for (const auto& [scheduler, what] :
       {Ending{"unknown_dsq", "SCX_EXIT_ERROR \\(1024\\)[^\n]*non-existent DSQ 0x7"},
        Ending{"forbidden_cpu", "SCX_EXIT_ERROR \\(1024\\)[^\n]*not allowed"},
        Ending{"error", "SCX_EXIT_ERROR_BPF \\(1025\\)[^\n]*so it was asked"},
        Ending{"exit", "SCX_EXIT_UNREG_BPF \\(65\\)[^\n]*so it was asked"},
        // The watchdog is a kernel thread, which a scheduler stalls like any other task.
        Ending{"stall", "SCX_EXIT_ERROR_STALL \\(1026\\)[^\n]*failed to (run|check in) for"}}) {
    EXPECT_THAT(result.out, ContainsRegex("scheduler " + std::string(scheduler) +
                                          " exited at [^\n]*as expected: " + what));
  }
}

} // namespace
} // namespace schedrig::lab
