// SPDX-License-Identifier: MIT
// Snapshots of a small kernel: what they hold, and what is said of parts that cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/kernel_snapshot.hpp"
#include "tests/unit/kernel_view/small_kernel_bpf.hpp"
#include "tests/unit/kernel_view/small_kernel_cgroups.hpp"
#include "tests/unit/kernel_view/small_kernel_scx.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using testing::HasSubstr;

class OneVcpu final : public VcpusFacet {
 public:
  std::uint32_t count() noexcept override { return 1; }
  Status registers(std::uint32_t /*vcpu*/, VcpuRegisters* out) noexcept override {
    *out = has;
    return {};
  }
  VcpuRegisters has;
};

class KernelSnapshotOf : public testing::Test {
 protected:
  KernelSnapshotOf() {
    kernel_.add_processes({1, 2});
    cgroups_.put_below(test::SmallKernelCgroups::root(), {cgroups_.add("aaa", 1)});
  }
  json::Value document(VcpusFacet* vcpus = nullptr) {
    const KernelView view = kernel_.view();
    return render_snapshot(view, read_snapshot(view, vcpus));
  }
  static const json::Value& at(const json::Value& list, std::size_t index) {
    return list.as_array()->at(index);
  }

  SmallKernel kernel_;
  test::SmallKernelBpf bpf_{kernel_};
  test::SmallKernelCgroups cgroups_{kernel_};
};

TEST_F(KernelSnapshotOf, tasks_have_their_cgroups_and_how_long_they_wait) {
  kernel_.put_task(kernel_.tasks[1], "sched_info.last_queued", 400);
  const std::uint64_t queue = SmallKernel::kDirect + SmallKernel::kPerCpu + 0x100;
  kernel_.put_field(queue, "rq", "clock", 1'000);
  const json::Value all = document();
  const json::Value& tasks = *all.find("tasks");
  ASSERT_EQ(tasks.as_array()->size(), 3U);
  EXPECT_EQ(*at(tasks, 1).find("comm")->as_string(), "task2");
  EXPECT_EQ(*at(tasks, 1).find("cgroup")->as_string(), "/");
  EXPECT_EQ(at(tasks, 1).find("waiting_ns")->as_uint64(), 600U);
  EXPECT_TRUE(at(tasks, 0).find("waiting_ns")->is_null());
  EXPECT_EQ(at(tasks, 0).find("nice")->as_int64(), 0);
  EXPECT_EQ(*at(*all.find("cgroups"), 1).find("path")->as_string(), "/aaa");
  EXPECT_EQ(at(*all.find("cpus"), 0).find("clock_ns")->as_uint64(), 1'000U);
}

TEST_F(KernelSnapshotOf, maps_are_rendered_by_their_kind) {
  bpf_.add_array("array", {5, 6});
  bpf_.add_hash("hash", {{4, 40}});
  bpf_.add_per_cpu_array("each", 7, 8);
  bpf_.add_globals("mine.bss", 42, 9);
  const json::Value all = document();
  const json::Value& maps = *all.find("maps");
  EXPECT_EQ(at(*maps.find("array"), 1).as_uint64(), 6U);
  EXPECT_EQ(at(*maps.find("hash"), 0).find("key")->as_uint64(), 4U);
  EXPECT_EQ(at(*maps.find("hash"), 0).find("value")->as_uint64(), 40U);
  EXPECT_EQ(at(at(*maps.find("each"), 0), 1).as_uint64(), 8U);
  EXPECT_EQ(maps.find("mine.bss")->find("dispatched")->as_uint64(), 42U);
  EXPECT_EQ(at(*all.find("bpf_maps"), 3).find("id")->as_uint64(), 4U);
}

TEST_F(KernelSnapshotOf, callbacks_of_a_struct_ops_map_have_names) {
  bpf_.add_struct_ops("mine_ops", 0xffff'ffff'c020'1000, 9);
  bpf_.add_program("mine_enqueue"); // with the id 9
  const json::Value all = document();
  const json::Value& ops = *all.find("maps")->find("mine_ops");
  EXPECT_EQ(*ops.find("enqueue")->as_string(), "0xffffffffc0201000 mine_enqueue");
  EXPECT_TRUE(ops.find("dispatch")->as_string()->ends_with(" schedule+0x0"))
      << *ops.find("dispatch")->as_string();
  EXPECT_EQ(*ops.find("tick")->as_string(), "0x0");
  EXPECT_EQ(ops.find("flags")->as_uint64(), 17U);
  EXPECT_EQ(ops.find("common")->find("state")->as_uint64(), 3U);
}

TEST_F(KernelSnapshotOf, callbacks_that_cannot_be_read_are_an_error_of_their_map) {
  const std::uint64_t map = bpf_.add_struct_ops("mine_ops", 0xffff'ffff'c020'1000, 9);
  bpf_.add_array("array", {5});
  kernel_.put_field(map, "bpf_struct_ops_map", "uvalue", 0x1234);
  const json::Value all = document();
  EXPECT_THAT(*all.find("maps")->find("mine_ops")->find("error")->as_string(),
              HasSubstr("mine_ops"));
  EXPECT_EQ(at(*all.find("maps")->find("array"), 0).as_uint64(), 5U);
}

TEST_F(KernelSnapshotOf, queues_have_their_tasks) {
  test::SmallKernelScx scx(kernel_, "mine");
  scx.put_tasks(scx.add_user_queue(7), {3, 2});
  const json::Value all = document();
  const json::Value& dsqs = *all.find("dsqs");
  ASSERT_EQ(dsqs.as_array()->size(), 4U);
  EXPECT_EQ(*at(dsqs, 1).find("kind")->as_string(), "local");
  EXPECT_EQ(at(dsqs, 1).find("cpu")->as_uint64(), 1U);
  EXPECT_TRUE(at(dsqs, 1).find("scheduler")->is_null());
  EXPECT_EQ(*at(dsqs, 2).find("kind")->as_string(), "global");
  EXPECT_EQ(at(dsqs, 2).find("node")->as_uint64(), 0U);
  const json::Value& mine = at(dsqs, 3);
  EXPECT_EQ(*mine.find("kind")->as_string(), "user");
  EXPECT_EQ(mine.find("id")->as_uint64(), 7U);
  EXPECT_EQ(*mine.find("scheduler")->as_string(), "mine");
  EXPECT_EQ(*mine.find("order")->as_string(), "fifo");
  EXPECT_EQ(mine.find("nr")->as_uint64(), 2U);
  EXPECT_EQ(at(*mine.find("tasks"), 0).find("pid")->as_int64(), 3);
  EXPECT_EQ(at(*mine.find("tasks"), 1).find("vtime")->as_uint64(), 200U);
  EXPECT_EQ(at(*all.find("tasks"), 1).find("scx")->find("dsq")->as_uint64(), 7U);
}

TEST_F(KernelSnapshotOf, a_stack_is_what_of_it_is_code) {
  OneVcpu vcpu;
  const std::uint64_t stack = kernel_.add_object(64);
  vcpu.has.started = 1;
  vcpu.has.rip = SmallKernel::address_of("_stext") + 0x10;
  vcpu.has.rsp = stack;
  kernel_.put_at(stack + 8, SmallKernel::address_of("schedule") + 4);
  kernel_.put_at(stack + 16, SmallKernel::init_task()); // no code
  const json::Value all = document(&vcpu);
  const json::Value& one = at(*all.find("vcpus"), 0);
  EXPECT_EQ(*one.find("stack_method")->as_string(), "scan");
  ASSERT_EQ(one.find("stack")->as_array()->size(), 2U);
  EXPECT_EQ(*at(*one.find("stack"), 0).as_string(), "_stext+0x10");
  EXPECT_EQ(*at(*one.find("stack"), 1).as_string(), "schedule+0x4");
  EXPECT_EQ(one.find("in_kernel")->as_bool(), true);
}

TEST_F(KernelSnapshotOf, a_cpu_in_user_mode_or_off_the_map_has_no_stack) {
  OneVcpu vcpu;
  vcpu.has.started = 1;
  vcpu.has.rip = 0x40'1000;
  vcpu.has.rsp = 0x7fff'0000;
  EXPECT_TRUE(at(*document(&vcpu).find("vcpus"), 0).find("stack")->as_array()->empty());
  vcpu.has.rip = SmallKernel::address_of("schedule");
  vcpu.has.rsp = 0xffff'c900'0000'0000;
  EXPECT_EQ(at(*document(&vcpu).find("vcpus"), 0).find("stack")->as_array()->size(), 1U);
}

TEST_F(KernelSnapshotOf, a_part_that_cannot_be_read_says_why_and_the_others_are_there) {
  kernel_.put_at(kernel_.tasks[0] + kernel_.offset("task_struct", "tasks"), std::uint64_t{0});
  const json::Value all = document();
  EXPECT_THAT(*all.find("tasks")->find("error")->as_string(), HasSubstr("leads nowhere"));
  EXPECT_THAT(*all.find("vcpus")->find("error")->as_string(), HasSubstr("schedrig.vcpus/1"));
  EXPECT_EQ(all.find("cgroups")->as_array()->size(), 2U);
}

} // namespace
} // namespace schedrig::kernel_view
