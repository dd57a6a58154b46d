// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/triage/kernel_dump.hpp"

namespace schedrig::triage {
namespace {

// The form of Linux 6.18, shortened: one CPU with a task of another class, one with its own.
constexpr std::string_view kDump = R"(kworker/u8:1[42] triggered exit kind 1026:
  runnable task stall (spin[10] failed to run for 2.000s)

Backtrace:
  check_rq_for_timeouts+0xd0/0x130

CPU states
----------

CPU 1   : nr_run=2 flags=0x1 cpu_rel=0 ops_qseq=12 pnt_seq=7
          curr=rt[x]hog[77] class=rt_sched_class

  R spin[10] -2000ms
      scx_state/flags=3/0x5 dsq_flags=0x1 ops_state/qseq=0/0
      sticky/holding_cpu=-1/-1 dsq_id=0x8000000000000002
      dsq_vtime=123 slice=20000000 weight=100
      cpus=2 no_mig=0

CPU 35  : nr_run=2 flags=0x1 cpu_rel=0 ops_qseq=12 pnt_seq=7
          curr=spin[11] class=ext_sched_class

 *R spin[11] +0ms
      scx_state/flags=3/0xd dsq_flags=0x0 ops_state/qseq=0/0
      sticky/holding_cpu=-1/-1 dsq_id=(n/a)
      dsq_vtime=9 slice=12 weight=100
      cpus=8,00000003 no_mig=0

    spin_for+0x10/0x20

  R lost[12] -1500ms
      scx_state/flags=3/0x1 dsq_flags=0x0 ops_state/qseq=2/5
      sticky/holding_cpu=-1/-1 dsq_id=(n/a)
      dsq_vtime=0 slice=0 weight=100
      cpus=f,ffffffff no_mig=1

Event counters
--------------
          SCX_EV_SELECT_CPU_FALLBACK:                0
)";

TEST(KernelDump, has_who_runs_and_who_waits_where) {
  const auto scene = read_kernel_dump(kDump, 36, 5);
  ASSERT_TRUE(scene);
  EXPECT_EQ(scene->at_ns, 5);
  ASSERT_EQ(scene->cpus.size(), 36U);
  EXPECT_EQ(scene->cpus[0].pid, 0) << "it is not told of: it idles";
  EXPECT_EQ(scene->cpus[1].pid, 77);
  EXPECT_EQ(scene->cpus[1].comm, "rt[x]hog");
  EXPECT_EQ(scene->cpus[1].sched_class, "rt");
  EXPECT_EQ(scene->cpus[35].sched_class, "ext");
  ASSERT_EQ(scene->tasks.size(), 3U);

  const TaskScene& waits = scene->tasks[0];
  EXPECT_EQ(waits.pid, 10);
  EXPECT_EQ(waits.waiting_ns, 2'000'000'000);
  EXPECT_EQ(waits.cpu, 1U);
  EXPECT_EQ(waits.allowed, (std::vector<std::uint32_t>{1}));
  ASSERT_TRUE(waits.queue);
  EXPECT_EQ(waits.queue->local_cpu, 1U);
  EXPECT_TRUE(waits.queue->by_vtime);
  EXPECT_EQ(waits.vtime, 123U);

  EXPECT_TRUE(scene->tasks[1].running);
  EXPECT_EQ(scene->tasks[1].allowed, (std::vector<std::uint32_t>{0, 1, 35}));
  EXPECT_FALSE(scene->tasks[2].queue);
  EXPECT_EQ(scene->tasks[2].allowed, (std::vector<std::uint32_t>{35})) << "it may not migrate";
}

// Linux 7.3 tells whose task it is, and more of each CPU.
TEST(KernelDump, of_a_kernel_with_sub_schedulers_is_read_too) {
  const auto scene = read_kernel_dump(R"(
CPU 1   : nr_run=3 flags=0x1 cpu_rel=0 ksync=42
          rescue=0 budget=0us rescuing=none[-1]
          curr=swapper/1[0] class=idle_sched_class

  R kworker/1:1[48] *root -2284ms
      scx_state/flags=4/0x3 dsq_flags=0x0 ops_state/qseq=0/0
      sticky/holding_cpu=-1/-1 dsq_id=0x0
      dsq_vtime=0 slice=20000000 weight=100
      cpus=2 no_mig=0

    kthread+0xe5/0x120
)",
                                      4, 0);
  ASSERT_TRUE(scene);
  ASSERT_EQ(scene->tasks.size(), 1U);
  const TaskScene& task = scene->tasks[0];
  EXPECT_EQ(task.comm, "kworker/1:1");
  EXPECT_EQ(task.waiting_ns, 2'284'000'000);
  ASSERT_TRUE(task.queue);
  EXPECT_EQ(task.queue->id, 0U);
  EXPECT_EQ(task.allowed, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(scene->cpus[1].pid, 0);
}

TEST(KernelDump, of_another_form_is_none) {
  EXPECT_FALSE(read_kernel_dump("", 4, 0));
  EXPECT_FALSE(read_kernel_dump("CPU 0 runs spin[4], 0 in its local DSQ\n", 4, 0));
  EXPECT_FALSE(read_kernel_dump("CPU 9   : nr_run=1 flags=0x0\n", 4, 0)) << "there is none";
}

// The text is the guest's.
TEST(KernelDump, that_is_cut_or_wrong_anywhere_does_no_harm) {
  for (std::size_t end = 0; end < kDump.size(); ++end) {
    (void)read_kernel_dump(kDump.substr(0, end), 36, 0);
    std::string wrong(kDump);
    wrong[end] = '9';
    const auto scene = read_kernel_dump(wrong, 36, 0);
    EXPECT_TRUE(!scene || scene->tasks.size() <= 4);
  }
  const auto huge = read_kernel_dump("CPU 0: nr_run=1\n  R a[99999999999] -1ms\n"
                                     "  R b[3] -99999999999999999999ms\n",
                                     1, 0);
  ASSERT_TRUE(huge);
  ASSERT_EQ(huge->tasks.size(), 1U);
  EXPECT_EQ(huge->tasks[0].waiting_ns, 0);
}

} // namespace
} // namespace schedrig::triage
