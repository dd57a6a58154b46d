// SPDX-License-Identifier: MIT
// A field of a task, and what must hold for the task before its place is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/task_field.hpp"
#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using testing::HasSubstr;

constexpr std::uint64_t kStart = 3'000'000'000; // of pid 3, cut to ticks

class TaskFieldOf : public testing::Test {
 protected:
  TaskFieldOf() {
    kernel_.add_processes({1, 3});
    task_ = kernel_.tasks[2];
    kernel_.put_task(task_, "sched_class", SmallKernel::address_of("ext_sched_class"));
  }

  Result<Places> find(std::string field = "scx.dsq_vtime", std::uint64_t bytes = 8,
                      std::uint64_t start = kStart, std::int32_t pid = 3) {
    return task_field(kernel_.view(),
                      {.pid = pid, .start_time_ns = start, .field = std::move(field)}, bytes);
  }
  void expect_refused(const Result<Places>& found, std::string_view part,
                      StatusCode code = StatusCode::kInvalidArgument) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, code) << found.error().message;
    EXPECT_THAT(found.error().message, HasSubstr(part));
  }

  SmallKernel kernel_;
  std::uint64_t task_ = 0;
};

TEST_F(TaskFieldOf, a_sleeping_task_of_sched_ext_has_its_field) {
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().start,
            task_ + kernel_.offset("task_struct", "scx.dsq_vtime") - SmallKernel::kDirect);
  EXPECT_EQ(found->front().bytes, 8U);
}

TEST_F(TaskFieldOf, a_field_has_its_own_width_and_name) {
  expect_refused(find("scx.dsq_vtime", 4), "of 8 bytes, not of 4");
  expect_refused(find("scx.dsq_vtim"), "has no member", StatusCode::kNotFound);
  expect_refused(find("se.vruntime"), "places it anew");
}

TEST_F(TaskFieldOf, nobody_has_the_pid) {
  expect_refused(find("start_boottime", 8, kStart, 7), "no task of the kernel's 4 has pid 7",
                 StatusCode::kNotFound);
}

TEST_F(TaskFieldOf, a_pid_that_another_task_has_now_is_told_by_its_start) {
  expect_refused(find("start_boottime", 8, kStart - kProcTickNs), "started 3000001234 ns");
  expect_refused(find("start_boottime", 8, kStart + 1'235), "started 3000001234 ns");
  EXPECT_TRUE(find("start_boottime", 8, kStart + 1'234));
  EXPECT_TRUE(find("start_boottime", 8, kStart + 1'234 - kProcTickNs + 1));
}

TEST_F(TaskFieldOf, a_dead_task_is_told_by_each_of_its_signs) {
  const std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>> signs = {
      {"__state", 0x80, 1}, {"exit_state", 0x20, 0}, {"flags", 4, 0}, {"usage.refs.counter", 0, 2}};
  for (const auto& [field, dead, alive] : signs) {
    kernel_.put_task(task_, field, dead);
    expect_refused(find(), "is not alive");
    kernel_.put_task(task_, field, alive);
  }
  EXPECT_TRUE(find());
}

TEST_F(TaskFieldOf, a_queued_task_is_refused_by_the_first_of_its_queues) {
  kernel_.put_task(task_, "scx.runnable_node.next", SmallKernel::kDirect + 0x40);
  expect_refused(find(), "list of runnable tasks: scx.runnable_node leads to 0xffff888000000040");
  kernel_.put_task(task_, "scx.dsq", SmallKernel::kDirect + 0x80);
  expect_refused(find(), "is on a dispatch queue: scx.dsq is 0xffff888000000080");
  kernel_.put_task(task_, "on_rq", 2);
  expect_refused(find(), "is on a run queue: on_rq is 2");
  kernel_.put_task(task_, "flags", 4);
  expect_refused(find(), "is not alive");
}

TEST_F(TaskFieldOf, a_task_of_another_class_is_refused_whatever_its_policy) {
  kernel_.put_task(task_, "policy", 7); // SCHED_EXT
  kernel_.put_task(task_, "sched_class", SmallKernel::address_of("fair_sched_class"));
  expect_refused(find(), "is not of sched_ext's class but of fair_sched_class");
}

TEST_F(TaskFieldOf, a_task_without_a_start_is_still_being_made) {
  kernel_.put_task(task_, "start_boottime", 0);
  expect_refused(find("scx.dsq_vtime", 8, 0), "start_boottime of 0");
}

} // namespace
} // namespace schedrig::kernel_view
