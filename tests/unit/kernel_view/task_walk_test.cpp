// SPDX-License-Identifier: MIT
// The kernel's lists of tasks, whole and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/task_walk.hpp"
#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using testing::ElementsAre;
using testing::HasSubstr;

class TaskWalkOf : public testing::Test {
 protected:
  TaskWalkOf() { kernel_.add_processes({1, 3, 1}); }

  Result<std::vector<TaskFacts>> all() {
    const KernelView view = kernel_.view();
    return TaskWalk::of(view).value().all();
  }
  std::vector<std::int32_t> pids() {
    std::vector<std::int32_t> pids;
    const std::vector<TaskFacts> found = all().value();
    for (const TaskFacts& task : found) {
      pids.push_back(task.pid);
    }
    return pids;
  }
  void expect_broken(std::string_view part) {
    const auto broken = all();
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, StatusCode::kBadData) << broken.error().message;
    EXPECT_THAT(broken.error().message, HasSubstr(part));
  }
  [[nodiscard]] std::uint64_t node(std::uint32_t pid, std::string_view list) const {
    return kernel_.tasks.at(pid - 1) + kernel_.offset("task_struct", list);
  }

  SmallKernel kernel_;
};

TEST_F(TaskWalkOf, leaders_come_with_their_threads) {
  EXPECT_THAT(pids(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(TaskWalkOf, a_kernel_of_only_idle_tasks_has_none_in_its_lists) {
  kernel_.add_processes({});
  EXPECT_TRUE(all().value().empty());
}

TEST_F(TaskWalkOf, facts_are_those_of_the_task) {
  const std::uint64_t task = kernel_.tasks[2];
  kernel_.put_task(task, "thread_info.cpu", 1);
  kernel_.put_task(task, "on_rq", 1);
  kernel_.put_task(task, "prio", static_cast<std::uint64_t>(-2));
  const std::uint64_t queue = kernel_.add_object(48);
  kernel_.put_field(queue, "scx_dispatch_q", "id", 0x8000'0000'0000'0001);
  kernel_.put_task(task, "scx.dsq", queue);
  const TaskFacts facts = all().value()[2];
  EXPECT_EQ(facts.address, task);
  EXPECT_EQ(facts.pid, 3);
  EXPECT_EQ(facts.tgid, 2);
  EXPECT_EQ(facts.comm, "task3");
  EXPECT_EQ(facts.start_ns, 3'000'001'234U);
  EXPECT_EQ(facts.state, 1U);
  EXPECT_EQ(facts.cpu, 1U);
  EXPECT_EQ(facts.prio, -2);
  EXPECT_EQ(facts.static_prio, 120);
  EXPECT_EQ(facts.sched_class, "fair_sched_class");
  EXPECT_EQ(facts.weight, 1024U);
  EXPECT_TRUE(facts.on_rq);
  EXPECT_FALSE(facts.on_cpu);
  ASSERT_TRUE(facts.scx);
  EXPECT_EQ(facts.scx->dsq_id, 0x8000'0000'0000'0001U);
  EXPECT_FALSE(facts.scx->on_runnable_list);
}

TEST_F(TaskWalkOf, a_thread_is_found_by_its_pid) {
  const KernelView view = kernel_.view();
  auto walk = TaskWalk::of(view).value();
  EXPECT_EQ(walk.find(4).value(), kernel_.tasks[3]);
  const auto none = walk.find(6);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, StatusCode::kNotFound);
  EXPECT_EQ(none.error().message, "no task of the kernel's 5 has pid 6");
}

TEST_F(TaskWalkOf, a_list_that_never_comes_back_to_its_head_is_a_ring) {
  kernel_.put_at(node(5, "tasks"), node(2, "tasks"));
  expect_broken("init_task.tasks, after 8 nodes: it comes to ");
}

TEST_F(TaskWalkOf, a_thread_that_leads_to_itself_is_a_ring) {
  kernel_.put_at(node(4, "thread_node"), node(4, "thread_node"));
  expect_broken("signal->thread_head, after ");
}

TEST_F(TaskWalkOf, a_list_that_ends_in_nothing_leads_nowhere) {
  kernel_.put_at(node(2, "tasks"), std::uint64_t{0});
  expect_broken("leads nowhere");
}

TEST_F(TaskWalkOf, pointers_to_no_memory_of_the_kernels_are_told) {
  kernel_.put_at(node(2, "tasks"), std::uint64_t{0xffff'c900'1234'5678});
  expect_broken("nothing is mapped at");
  kernel_.put_at(node(2, "tasks"), std::uint64_t{0x1234'5678});
  expect_broken("is no address of the kernel's");
}

TEST_F(TaskWalkOf, a_task_with_a_wild_signal_names_the_field) {
  kernel_.put_task(kernel_.tasks[0], "cgroups", 0x17);
  expect_broken("struct css_set at 0x17, field dfl_cgrp");
}

TEST_F(TaskWalkOf, there_is_an_end_to_any_list) {
  std::vector<std::uint64_t> nodes;
  const std::uint64_t head = kernel_.add_object(16);
  for (int i = 0; i < 6; ++i) {
    nodes.push_back(kernel_.add_object(16));
  }
  kernel_.link(head, nodes);
  const KernelView view = kernel_.view();
  WalkBudget budget{.left = 4};
  const auto done = walk_list(view.memory(), head, "mine", budget,
                              [](std::uint64_t /*node*/) -> Result<bool> { return false; });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("after 4 nodes: it has more than"));
}

} // namespace
} // namespace schedrig::kernel_view
