// SPDX-License-Identifier: MIT
// What the kernel keeps of each CPU, and its tree of cgroups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/cgroup_walk.hpp"
#include "host/kernel_view/cpu_walk.hpp"
#include "tests/unit/kernel_view/small_kernel_cgroups.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using test::SmallKernelCgroups;
using testing::ElementsAre;
using testing::HasSubstr;

class CpuWalkOf : public testing::Test {
 protected:
  CpuWalkOf() {
    kernel_.add_processes({1});
    for (const std::uint64_t cpu : {0U, 1U}) {
      kernel_.put_field(queue(cpu), "rq", "curr", SmallKernel::init_task());
    }
  }
  [[nodiscard]] static std::uint64_t queue(std::uint64_t cpu) {
    return SmallKernel::kDirect + SmallKernel::kPerCpu + cpu * 0x1000 + 0x100;
  }

  SmallKernel kernel_;
};

TEST_F(CpuWalkOf, each_cpu_has_its_queue_and_its_times) {
  kernel_.put_field(queue(1), "rq", "nr_running", 3);
  kernel_.put_field(queue(1), "rq", "clock", 123'456'789);
  kernel_.put_field(queue(1), "rq", "curr", kernel_.tasks[0]);
  kernel_.put_field(queue(1), "rq", "scx.flags", 1);
  kernel_.put_at(queue(1) + 0x200 + 16, std::uint64_t{42}); // kernel_cpustat.cpustat[2]
  const auto cpus = walk_cpus(kernel_.view());
  ASSERT_TRUE(cpus) << cpus.error().message;
  ASSERT_EQ(cpus->size(), 2U);
  const CpuFacts& one = cpus->at(1);
  EXPECT_EQ(one.cpu, 1U);
  EXPECT_EQ(one.nr_running, 3U);
  EXPECT_EQ(one.clock_ns, 123'456'789U);
  EXPECT_EQ(one.curr_pid, 1);
  EXPECT_EQ(one.curr_comm, "task1");
  EXPECT_EQ(one.scx->flags, 1U);
  ASSERT_EQ(one.times.size(), 3U);
  EXPECT_EQ(one.times[2].state, "system");
  EXPECT_EQ(one.times[2].ns, 42U);
  EXPECT_EQ(cpus->at(0).nr_running, 0U);
}

TEST_F(CpuWalkOf, a_queue_whose_task_lies_nowhere_names_its_cpu) {
  kernel_.put_field(queue(1), "rq", "curr", 0x10);
  const auto cpus = walk_cpus(kernel_.view());
  ASSERT_FALSE(cpus);
  EXPECT_EQ(cpus.error().code, StatusCode::kBadData);
  EXPECT_THAT(cpus.error().message, HasSubstr("CPU 1 in the kernel: struct task_struct at 0x10"));
}

class CgroupWalkOf : public testing::Test {
 protected:
  CgroupWalkOf() {
    cgroups_.put_below(SmallKernelCgroups::root(), {a_, c_});
    cgroups_.put_below(a_, {b_});
  }
  std::vector<std::string> paths() {
    const auto found = walk_cgroups(kernel_.view());
    EXPECT_TRUE(found) << found.error().message;
    std::vector<std::string> paths;
    for (const CgroupFacts& cgroup : found.value_or(std::vector<CgroupFacts>())) {
      paths.push_back(cgroup.path);
    }
    return paths;
  }
  void expect_bad(std::string_view part) {
    const auto found = walk_cgroups(kernel_.view());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, StatusCode::kBadData) << found.error().message;
    EXPECT_THAT(found.error().message, HasSubstr(part));
  }

  SmallKernel kernel_;
  SmallKernelCgroups cgroups_{kernel_};
  std::uint64_t a_ = cgroups_.add("aaa", 1);
  std::uint64_t b_ = cgroups_.add("bbb", 2);
  std::uint64_t c_ = cgroups_.add("ccc", 1);
};

TEST_F(CgroupWalkOf, cgroups_have_paths_parents_first) {
  EXPECT_THAT(paths(), ElementsAre("/", "/aaa", "/aaa/bbb", "/ccc"));
}

TEST_F(CgroupWalkOf, facts_are_those_of_the_cgroup) {
  kernel_.put_field(b_, "cgroup", "nr_populated_csets", 1);
  kernel_.put_field(b_, "cgroup", "freezer.e_freeze", 1);
  const auto found = walk_cgroups(kernel_.view());
  EXPECT_EQ(found->at(2).address, b_);
  EXPECT_EQ(found->at(2).level, 2U);
  EXPECT_TRUE(found->at(2).populated);
  EXPECT_TRUE(found->at(2).frozen);
  EXPECT_FALSE(found->at(3).populated);
}

TEST_F(CgroupWalkOf, one_that_is_being_removed_is_left_out) {
  kernel_.put_field(a_, "cgroup", "self.flags", 5); // no more online
  EXPECT_THAT(paths(), ElementsAre("/", "/ccc"));
}

TEST_F(CgroupWalkOf, a_cgroup_below_itself_is_told) {
  kernel_.put_field(b_, "cgroup", "self.cgroup", SmallKernelCgroups::root());
  expect_bad("twice");
}

TEST_F(CgroupWalkOf, a_ring_of_siblings_is_told) {
  kernel_.put_field(c_, "cgroup", "self.sibling.next",
                    a_ + kernel_.offset("cgroup", "self.sibling"));
  expect_bad("cgroup.self.children, after ");
}

TEST_F(CgroupWalkOf, a_name_that_lies_nowhere_is_told) {
  kernel_.put_field(c_, "cgroup", "kn", 0x30);
  expect_bad("struct kernfs_node at 0x30, field name");
}

} // namespace
} // namespace schedrig::kernel_view
