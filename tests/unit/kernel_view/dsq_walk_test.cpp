// SPDX-License-Identifier: MIT
// Dispatch queues of a small kernel: where they begin in kernels of several versions, the tasks on
// them, and what is said where they lead astray.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/dsq_walk.hpp"
#include "tests/unit/kernel_view/small_kernel_scx.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using test::SmallKernelScx;
using testing::ElementsAre;
using testing::HasSubstr;

class Dsqs : public testing::Test {
 protected:
  Dsqs() { kernel_.add_processes({1, 1, 1, 1, 1, 1}); }

  std::vector<DsqFacts> all() {
    auto walked = walk_dsqs(kernel_.view());
    EXPECT_TRUE(walked) << walked.error().message;
    return walked.value_or(std::vector<DsqFacts>());
  }
  std::string error() {
    const auto walked = walk_dsqs(kernel_.view());
    EXPECT_FALSE(walked);
    return walked ? "" : walked.error().message;
  }
  // "user 7: 3 4"
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    for (const DsqFacts& dsq : all()) {
      std::string& line = lines.emplace_back(to_string(dsq.kind));
      line += " " + std::to_string(dsq.owner ? *dsq.owner : dsq.id) + ":";
      for (const QueuedTask& task : dsq.tasks) {
        line += " " + std::to_string(task.pid);
      }
    }
    return lines;
  }
  // The kernel's variables without one, with others.
  void rename(std::string_view without,
              const std::vector<std::pair<std::string, std::uint64_t>>& with) {
    const Symbols before = SmallKernel::symbols();
    Symbols after;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before.at(i).name != without) {
        after.add(before.at(i).address, before.at(i).type, before.at(i).name);
      }
    }
    for (const auto& [name, place] : with) {
      after.add(SmallKernel::kText + place, 'd', name);
    }
    after.finish();
    kernel_.facts.symbols = std::move(after);
  }

  SmallKernel kernel_;
};

TEST_F(Dsqs, without_a_scheduler_there_are_those_of_cpus) {
  EXPECT_THAT(lines(), ElementsAre("local 0:", "local 1:"));
}

TEST_F(Dsqs, have_their_tasks_in_order) {
  SmallKernelScx scx(kernel_, "mine");
  scx.put_tasks(kernel_.local_dsq(1), {5});
  scx.put_tasks(scx.add_user_queue(7), {4, 2, 3});
  scx.put_tasks(scx.add_user_queue(3), {1}); // in the same bucket
  scx.add_user_queue(8);
  EXPECT_THAT(lines(), ElementsAre("local 0:", "local 1: 5", "global 0:", "user 8:", "user 3: 1",
                                   "user 7: 4 2 3"));
  const DsqFacts last = all().back();
  EXPECT_EQ(last.nr, 3U);
  EXPECT_EQ(last.scheduler, "mine");
  EXPECT_FALSE(last.by_vtime);
  EXPECT_EQ(last.tasks.at(0).vtime, 400U);
  EXPECT_EQ(last.tasks.at(0).address, kernel_.tasks.at(3));
  EXPECT_EQ(all().front().scheduler, "");
}

TEST_F(Dsqs, by_vtime_have_a_tree) {
  SmallKernelScx scx(kernel_, "mine");
  kernel_.put_field(scx.add_user_queue(7), "scx_dispatch_q", "priq.rb_node", kernel_.tasks.at(0));
  EXPECT_TRUE(all().back().by_vtime);
}

TEST_F(Dsqs, an_iterators_place_is_no_task) {
  SmallKernelScx scx(kernel_, "mine");
  const std::uint64_t queue = scx.add_user_queue(7);
  scx.put_tasks(queue, {1, 2, 3});
  kernel_.put_task(kernel_.tasks.at(1), "scx.dsq_list.flags", 0x1'0001);
  EXPECT_EQ(lines().back(), "user 7: 1 3");
}

TEST_F(Dsqs, a_table_that_is_locked_and_moved_has_each_once) {
  SmallKernelScx scx(kernel_, "mine");
  const std::uint64_t stays = scx.add_user_queue(4);
  const std::uint64_t moved = scx.add_user_queue(8); // in front of it
  const std::uint64_t next = scx.add_table();
  kernel_.put_field(scx.buckets, "bucket_table", "future_tbl", next);
  kernel_.put_at(scx.buckets + 16, scx.node_of(moved) | 1U); // locked
  scx.hash(next, stays, 2);
  EXPECT_THAT(lines(), ElementsAre("local 0:", "local 1:", "global 0:", "user 8:", "user 4:"));
}

TEST_F(Dsqs, of_kernels_before_6_16_begin_at_variables) {
  SmallKernelScx scx(kernel_, "mine");
  scx.put_tasks(scx.add_user_queue(7), {4});
  rename("scx_root", {{"dsq_hash", 0x20440}, {"global_dsqs", 0x20448}});
  kernel_.put_at(SmallKernel::address_of("scx_root"), scx.buckets);
  kernel_.put_at(SmallKernel::address_of("scx_root") + 8, scx.pointers);
  EXPECT_THAT(lines(), ElementsAre("local 0:", "local 1:", "global 0:", "user 7: 4"));
  EXPECT_EQ(all().back().scheduler, "");
}

TEST_F(Dsqs, of_a_kernel_that_is_not_known_are_asked_for_by_both_names) {
  rename("scx_root", {});
  EXPECT_THAT(error(), HasSubstr("neither scx_root nor dsq_hash"));
}

TEST_F(Dsqs, of_every_numa_node_are_found) {
  SmallKernelScx scx(kernel_, "mine");
  const std::uint64_t three = kernel_.add_object(24);
  kernel_.put_at(three, scx.add_queue(SmallKernelScx::kGlobalId));
  kernel_.put_at(three + 16, scx.add_queue(SmallKernelScx::kGlobalId)); // 1 is not there
  kernel_.put_field(scx.sched, "scx_sched", "global_dsqs", three);
  rename("", {{"nr_node_ids", 0x20600}});
  kernel_.put_at(SmallKernel::init_task() - SmallKernel::kInitTask + 0x20600, std::uint32_t{3});
  EXPECT_THAT(lines(), ElementsAre("local 0:", "local 1:", "global 0:", "global 2:"));
  kernel_.put_at(SmallKernel::init_task() - SmallKernel::kInitTask + 0x20600, std::uint32_t{5000});
  EXPECT_THAT(error(), HasSubstr("5000 NUMA nodes"));
}

TEST_F(Dsqs, rings_and_wild_pointers_are_errors) {
  SmallKernelScx scx(kernel_, "mine");
  const std::uint64_t queue = scx.add_user_queue(7);
  scx.put_tasks(queue, {1, 2, 3});
  const std::uint64_t second = kernel_.tasks.at(1) + kernel_.offset("task_struct", "scx.dsq_list");
  kernel_.put_at(second, second);
  EXPECT_THAT(error(), HasSubstr("scx_dispatch_q.list"));
  scx.put_tasks(queue, {});
  kernel_.put_at(scx.node_of(queue), scx.node_of(queue));
  EXPECT_THAT(error(), HasSubstr("hash table dsq_hash: the chain comes to"));
  kernel_.put_at(scx.node_of(queue), std::uint64_t{0});
  EXPECT_THAT(error(), HasSubstr("the chain comes to 0x0"));
}

TEST_F(Dsqs, tables_that_no_kernel_has_are_errors) {
  SmallKernelScx scx(kernel_, "mine");
  kernel_.put_field(scx.buckets, "bucket_table", "future_tbl", scx.buckets);
  EXPECT_THAT(error(), HasSubstr("from table to table"));
  kernel_.put_field(scx.buckets, "bucket_table", "nest", 9);
  EXPECT_THAT(error(), HasSubstr("in levels"));
  kernel_.put_field(scx.buckets, "bucket_table", "size", 1U << 20U);
  EXPECT_THAT(error(), HasSubstr("1048576 buckets"));
}

} // namespace
} // namespace schedrig::kernel_view
