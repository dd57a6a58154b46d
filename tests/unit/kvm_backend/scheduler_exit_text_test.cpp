// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "backend/scheduler_exit_text.hpp"

namespace schedrig::kvm {
namespace {

TEST(SchedulerExitText, a_stall_names_the_task_and_how_long_it_waited) {
  const auto task = task_in_message("spin worker[42] failed to run for 5.234s");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->comm, "spin worker");
  EXPECT_EQ(task->pid, 42);
  EXPECT_EQ(task->waited_ns, 5'234'000'000);
}

TEST(SchedulerExitText, a_broken_rule_names_the_task_after_for) {
  const auto task = task_in_message("non-existent DSQ 0x7 for kworker/0:1[17]");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->comm, "kworker/0:1");
  EXPECT_EQ(task->pid, 17);
  EXPECT_FALSE(task->waited_ns);
}

TEST(SchedulerExitText, a_number_in_brackets_that_is_no_pid_is_passed_over) {
  const auto task = task_in_message("dispatch buffer[x] overflow for a[3]");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->comm, "a");
  EXPECT_FALSE(task_in_message("ops.init() failed (-22)"));
  EXPECT_FALSE(task_in_message("a[99999999999]"));
  EXPECT_FALSE(task_in_message("a[-3]"));
  EXPECT_FALSE(task_in_message("a[3"));
  EXPECT_FALSE(task_in_message(""));
}

TEST(SchedulerExitText, a_time_that_makes_no_sense_is_no_time) {
  for (const char* text :
       {"a[3] failed to run for ever", "a[3] failed to run for 5.2s",
        "a[3] failed to run for 99999999999999s", "a[3] failed to run for -1s"}) {
    const auto task = task_in_message(text);
    ASSERT_TRUE(task) << text;
    EXPECT_FALSE(task->waited_ns) << text;
  }
}

} // namespace
} // namespace schedrig::kvm
