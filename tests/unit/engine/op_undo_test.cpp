// SPDX-License-Identifier: MIT
// What ops leave behind when the machine fails them half-way.
#include <gtest/gtest.h>

#include <schedrig/cpu_use.hpp>

#include "host/engine/ops_cpuset.hpp"
#include "host/engine/ops_irq.hpp"
#include "host/engine/ops_move.hpp"
#include "tests/unit/engine/op_test.hpp"

namespace schedrig::engine {
namespace {

using Cpus = std::vector<std::uint32_t>;

class OpUndo : public OpTest {
 protected:
  void SetUp() override {
    machine_.files["/sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu";
    machine_.files["/sys/fs/cgroup/schedrig"] = "";
    machine_.files["/sys/devices/system/cpu/online"] = "0-3\n";
    ASSERT_TRUE(session_.read_online_cpus());
    ASSERT_TRUE(tree_.set_up());
    add("a", "0-1", {0, 1}, {11, 12, 13});
    add("b", "3", {3}, {});
    machine_.written.clear();
  }

  void add(const std::string& name, const std::string& text, const Cpus& cpus,
           const std::vector<std::int32_t>& pids) {
    machine_.add_cgroup(name, text, pids);
    Cgroup cgroup;
    cgroup.name = name;
    cgroup.scope = scope_;
    cgroup.cpuset = cpus;
    ASSERT_TRUE(books_.add(cgroup));
    if (!pids.empty()) {
      WorkerGroup group;
      group.cgroup = name;
      group.scope = scope_;
      group.pids = pids;
      books_.add_group(group);
    }
  }
};

TEST_F(OpUndo, a_swap_writes_each_others_cpuset_and_the_books_follow) {
  auto here = context();
  ASSERT_TRUE(apply(here, SwapCpusets{.a = "a", .b = "b"}));
  EXPECT_EQ(machine_.written,
            (std::vector<std::string>{ScriptedMachine::path_of("a", "cpuset.cpus") + " 3",
                                      ScriptedMachine::path_of("b", "cpuset.cpus") + " 0-1"}));
  EXPECT_EQ(books_.find("a")->cpuset, Cpus{3});
  EXPECT_EQ(books_.find("b")->cpuset, (Cpus{0, 1}));
}

TEST_F(OpUndo, a_swap_whose_second_write_fails_puts_the_first_back) {
  machine_.failures = {{ScriptedMachine::path_of("b", "cpuset.cpus"), "0-1", EBUSY}};
  auto here = context();
  const auto swapped = apply(here, SwapCpusets{.a = "a", .b = "b"});
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().os_errno, EBUSY);
  EXPECT_EQ(machine_.file_of("a", "cpuset.cpus"), "0-1");
  EXPECT_EQ(books_.find("a")->cpuset, (Cpus{0, 1}));
  EXPECT_EQ(books_.find("b")->cpuset, Cpus{3});
}

TEST_F(OpUndo, a_swap_that_cannot_be_undone_says_both_and_the_books_know) {
  machine_.failures = {{ScriptedMachine::path_of("b", "cpuset.cpus"), "0-1", EBUSY},
                       {ScriptedMachine::path_of("a", "cpuset.cpus"), "0-1", EIO}};
  auto here = context();
  const auto swapped = apply(here, SwapCpusets{.a = "a", .b = "b"});
  ASSERT_FALSE(swapped);
  EXPECT_NE(swapped.error().message.find("EBUSY"), std::string::npos);
  EXPECT_NE(swapped.error().message.find("could not be put back"), std::string::npos);
  EXPECT_EQ(books_.find("a")->cpuset, Cpus{3});
}

TEST_F(OpUndo, a_swap_with_a_cgroup_without_a_cpuset_clears_the_other) {
  add("free", "", {}, {});
  auto here = context();
  ASSERT_TRUE(apply(here, SwapCpusets{.a = "a", .b = "free"}));
  EXPECT_EQ(machine_.written.front(), ScriptedMachine::path_of("a", "cpuset.cpus") + " \n");
  EXPECT_TRUE(books_.find("a")->cpuset.empty());
}

TEST_F(OpUndo, a_move_re_keys_the_workers_only_when_all_have_moved) {
  machine_.failures = {{ScriptedMachine::path_of("b", "cgroup.procs"), "13", ENOSPC}};
  auto here = context();
  const auto moved = apply(here, MoveAllTasks{.from = "a", .to = "b"});
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().os_errno, ENOSPC);
  EXPECT_EQ(machine_.file_of("b", "cgroup.procs"), "");
  EXPECT_EQ(books_.groups().front().cgroup, "a");

  machine_.failures.clear();
  ASSERT_TRUE(apply(here, MoveAllTasks{.from = "a", .to = "b"}));
  EXPECT_EQ(machine_.file_of("a", "cgroup.procs"), "");
  EXPECT_EQ(books_.groups().front().cgroup, "b");
  EXPECT_EQ(books_.groups().front().permitted, (Cpus{0, 1, 3}));
}

TEST_F(OpUndo, a_task_that_exits_while_it_is_moved_is_no_error) {
  machine_.failures = {{ScriptedMachine::path_of("b", "cgroup.procs"), "99", ESRCH}};
  WorkerGroup beside;
  beside.scope = scope_;
  beside.pids = {98, 99};
  books_.add_group(beside);
  auto here = context();
  EXPECT_TRUE(apply(here, MoveAllTasks{.from = "", .to = "b"}));
  EXPECT_EQ(machine_.file_of("b", "cgroup.procs"), "98\n");
}

TEST_F(OpUndo, tasks_that_never_get_fewer_end_the_move_at_its_limit) {
  machine_.failures = {{ScriptedMachine::path_of("b", "cgroup.procs"), "11", ESRCH},
                       {ScriptedMachine::path_of("b", "cgroup.procs"), "12", ESRCH},
                       {ScriptedMachine::path_of("b", "cgroup.procs"), "13", ESRCH}};
  session_.set_deadline(INT64_MAX);
  const auto moved = tree_.move_all("a", "b", 1000);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, StatusCode::kTimeout);
}

TEST_F(OpUndo, an_interrupt_that_the_kernel_does_not_move_is_an_error_with_its_reason) {
  machine_.files["/proc/interrupts"] = "  CPU0 CPU1 CPU2 CPU3\n 9: 0 0 0 0 IO-APIC 9-edge acpi\n";
  auto here = context();
  for (const int refusal : {EIO, EPERM}) { // before and since Linux 6.12
    machine_.failures = {{"/proc/irq/9/smp_affinity_list", "2", refusal}};
    const auto steered = apply(here, SteerIrq{.irq = "acpi", .nth = {}, .cpu = 2});
    ASSERT_FALSE(steered);
    EXPECT_EQ(steered.error().os_errno, refusal);
    EXPECT_NE(steered.error().help.find("does not let this interrupt be moved"), std::string::npos);
  }
  EXPECT_TRUE(apply(here, SteerIrq{.irq = "acpi", .nth = {}, .cpu = 3}));
  EXPECT_EQ(machine_.written.back(), "/proc/irq/9/smp_affinity_list 3");
}

TEST_F(OpUndo, a_cpu_that_is_not_online_is_found_before_anything_is_read) {
  auto here = context();
  const auto steered = apply(here, SteerIrq{.irq = "acpi", .nth = {}, .cpu = 4});
  ASSERT_FALSE(steered);
  EXPECT_EQ(steered.error().message, "CPU 4 is not online");
  EXPECT_EQ(steered.error().help, "online: 0-3");
}

class CpuUse final : public CpuUseFacet {
 public:
  Status take_cpus(std::uint32_t /*group*/, CpuUseSink& sink) noexcept override {
    if (fails) {
      return Status::make(StatusCode::kGuestFailed, "no answer");
    }
    sink.on_cpus(0, cpus);
    return {};
  }
  std::vector<std::uint32_t> cpus = {0, 3};
  bool fails = false;
};

// A group of two workers in a cgroup without a cpuset.
WorkerGroup& add_free_group(Books& books) {
  WorkerGroup group;
  group.cgroup = "free";
  group.pids = {21, 22};
  group.started = true;
  return books.add_group(group);
}

TEST_F(OpUndo, what_workers_did_before_they_had_a_cpuset_is_set_aside) {
  CpuUse use;
  machine_.facets.emplace(CpuUseFacet::kInterfaceId, static_cast<CpuUseFacet*>(&use));
  add("free", "", {}, {});
  WorkerGroup& group = add_free_group(books_);
  auto here = context();
  ASSERT_TRUE(apply(here, SetCpuset{.cgroup = "free", .cpus = ExactCpus{{1}}}));
  EXPECT_FALSE(group.unrestricted);
  EXPECT_EQ(group.permitted, Cpus{1});
  EXPECT_EQ(group.cpus_before, (std::vector<Cpus>{{0, 3}, {}}));

  ASSERT_TRUE(apply(here, ClearCpuset{.cgroup = "free"}));
  EXPECT_TRUE(group.unrestricted);
  use.cpus = {1, 2};
  ASSERT_TRUE(apply(here, MoveAllTasks{.from = "free", .to = "a"}));
  EXPECT_EQ(group.permitted, (Cpus{0, 1})) << "a's alone: the move begins anew";
  EXPECT_EQ(group.cpus_before[0], (Cpus{0, 1, 2, 3}));
}

TEST_F(OpUndo, a_machine_that_cannot_tell_leaves_such_workers_unchecked) {
  add("free", "", {}, {});
  WorkerGroup& group = add_free_group(books_);
  auto here = context();
  ASSERT_TRUE(apply(here, SetCpuset{.cgroup = "free", .cpus = ExactCpus{{1}}}));
  EXPECT_TRUE(group.unrestricted);

  CpuUse use;
  use.fails = true;
  machine_.facets.emplace(CpuUseFacet::kInterfaceId, static_cast<CpuUseFacet*>(&use));
  const auto failed = apply(here, SetCpuset{.cgroup = "free", .cpus = ExactCpus{{2}}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "ask which CPUs the workers have used so far: no answer");
}

} // namespace
} // namespace schedrig::engine
