// SPDX-License-Identifier: MIT
// What a kernel says on its console: words told apart, reports kept whole, bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/checks.hpp"
#include "host/engine/kernel_log.hpp"

namespace schedrig::engine {
namespace {

using ::testing::ElementsAre;

struct Line {
  const char* text;
  std::optional<ComplaintKind> kind;
};

TEST(KernelLine, each_complaint_is_known_by_the_kernels_own_words) {
  for (const Line& line : {
           Line{"[    2.100000] Kernel panic - not syncing: Fatal exception",
                ComplaintKind::kPanic},
           Line{"BUG: kernel NULL pointer dereference, address: 0000000000000010",
                ComplaintKind::kOops},
           Line{"BUG: unable to handle page fault for address: ffffc90000123000",
                ComplaintKind::kOops},
           Line{
               "[    1.5][    T1] Oops: general protection fault, maybe for address 0x0: 0000 [#1]",
               ComplaintKind::kOops},
           Line{"<2>[   12.345678] kernel BUG at kernel/sched/core.c:8743!", ComplaintKind::kBug},
           Line{"BUG: scheduling while atomic: swapper/0/0/0x00000002", ComplaintKind::kBug},
           Line{"WARNING: CPU: 2 PID: 31 at kernel/sched/ext.c:3210 dispatch_enqueue+0x1c0/0x300",
                ComplaintKind::kWarning},
           Line{"WARNING: kernel/sched/ext.c:3210 at dispatch_enqueue+0x1c0, CPU#2: stress/31",
                ComplaintKind::kWarning},
           Line{"WARNING: possible circular locking dependency detected", ComplaintKind::kLockdep},
           Line{"WARNING: suspicious RCU usage", ComplaintKind::kLockdep},
           Line{"BUG: KASAN: slab-use-after-free in pick_next_task+0x10",
                ComplaintKind::kSanitizer},
           Line{"UBSAN: array-index-out-of-bounds in kernel/sched/fair.c:1:2",
                ComplaintKind::kSanitizer},
           Line{"rcu: INFO: rcu_preempt self-detected stall on CPU", ComplaintKind::kRcuStall},
           Line{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", ComplaintKind::kRcuStall},
           Line{"watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [spin:77]",
                ComplaintKind::kLockup},
           Line{"watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1", ComplaintKind::kLockup},
           Line{"INFO: task kworker/0:1:9 blocked for more than 120 seconds.",
                ComplaintKind::kHungTask},
           Line{"INFO: task dd:9 blocked in I/O wait for more than 120 seconds.",
                ComplaintKind::kHungTask},
           Line{"Out of memory: Killed process 12 (hog) total-vm:1kB", ComplaintKind::kOutOfMemory},
           Line{"Memory cgroup out of memory: Killed process 12 (hog) total-vm:1kB",
                ComplaintKind::kCgroupOutOfMemory},
       }) {
    EXPECT_EQ(classify_kernel_line(line.text), line.kind) << line.text;
  }
}

TEST(KernelLine, ordinary_lines_are_none) {
  for (const char* line :
       {"", "[", "[    1.0] Run /init as init process", "[    0.0] Linux version 7.3.4",
        "WARNING: See https://docs.kernel.org/admin-guide/hw-vuln/spectre.html for details",
        "traps: prog[12] general protection fault ip:401000 sp:7ffc error:0 in prog[401000+1000]",
        "prog[12]: segfault at 0 ip 0000000000401000 sp 00007ffc error 4",
        "schedrig-agent: payload says WARNING: low fuel", "DEBUG: all is well",
        "sched_ext: BPF scheduler \"x\" enabled"}) {
    EXPECT_EQ(classify_kernel_line(line), std::nullopt) << line;
  }
}

TEST(KernelLine, stamps_are_taken_off_and_other_brackets_are_not) {
  EXPECT_EQ(without_time_stamp("[    1.234567] text"), "text");
  EXPECT_EQ(without_time_stamp("<4>[    1.234567][   C0] text"), "text");
  EXPECT_EQ(without_time_stamp("[drm] text"), "[drm] text");
  EXPECT_EQ(without_time_stamp("[    1.2]"), "");
  EXPECT_EQ(without_time_stamp("[1.2"), "[1.2");
}

TEST(KernelLog, a_report_is_kept_whole_and_ends_with_its_trace) {
  KernelLog log;
  EXPECT_FALSE(log.feed(1, "------------[ cut here ]------------"));
  EXPECT_TRUE(log.feed(2, "[    1.0] WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1 x+0x1/0x2"));
  EXPECT_FALSE(log.feed(3, "[    1.0] RIP: 0010:x+0x1/0x2"));
  EXPECT_FALSE(log.feed(4, "[    1.0] ---[ end trace 0000000000000000 ]---"));
  EXPECT_FALSE(log.feed(5, "[    1.1] eth0: up"));
  ASSERT_EQ(log.complaints().size(), 1U);
  EXPECT_EQ(log.complaints()[0].at_ns, 2);
  EXPECT_EQ(log.complaints()[0].text, "WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1 x+0x1/0x2");
  EXPECT_THAT(log.complaints()[0].lines,
              ElementsAre("RIP: 0010:x+0x1/0x2", "---[ end trace 0000000000000000 ]---"));
}

TEST(KernelLog, an_oops_is_one_complaint_and_the_panic_after_it_another) {
  KernelLog log;
  EXPECT_TRUE(log.feed(1, "BUG: kernel NULL pointer dereference, address: 0000000000000010"));
  EXPECT_FALSE(log.feed(2, "#PF: supervisor write access in kernel mode"));
  EXPECT_FALSE(log.feed(3, "Oops: Oops: 0002 [#1] SMP NOPTI"));
  EXPECT_TRUE(log.feed(4, "Kernel panic - not syncing: Fatal exception"));
  ASSERT_EQ(log.complaints().size(), 2U);
  EXPECT_EQ(log.complaints()[0].kind, ComplaintKind::kOops);
  EXPECT_EQ(log.complaints()[1].kind, ComplaintKind::kPanic);
}

TEST(KernelLog, all_that_follows_a_panic_is_its_report_however_slowly_it_comes) {
  KernelLog log;
  EXPECT_TRUE(log.feed(1, "Kernel panic - not syncing: sysrq triggered crash"));
  EXPECT_FALSE(log.feed(2 * KernelLog::kReportNs, "Call Trace:"));
  EXPECT_FALSE(log.feed(5 * KernelLog::kReportNs, "Kernel Offset: 0x1000000"));
  EXPECT_THAT(log.complaints()[0].lines, ElementsAre("Call Trace:", "Kernel Offset: 0x1000000"));
}

TEST(KernelLog, a_warning_hides_no_oops_and_what_comes_later_is_something_new) {
  KernelLog log;
  EXPECT_TRUE(log.feed(1, "WARNING: CPU: 0 PID: 1 at a.c:1 x+0x1/0x2"));
  EXPECT_TRUE(log.feed(2, "BUG: unable to handle page fault for address: 0"));
  EXPECT_TRUE(log.feed(2 + KernelLog::kReportNs, "WARNING: CPU: 0 PID: 1 at b.c:1 y+0x1/0x2"));
  EXPECT_FALSE(log.feed(3 + 2 * KernelLog::kReportNs, "an unrelated line"));
  ASSERT_EQ(log.complaints().size(), 3U);
  EXPECT_TRUE(log.complaints()[2].lines.empty());
}

TEST(KernelLog, a_kernel_that_complains_for_ever_is_counted_and_not_kept) {
  KernelLog log;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(log.feed(i * 2 * KernelLog::kReportNs, "WARNING: CPU: 0 PID: 1 at a.c:1 x"));
    for (int line = 0; line < 200; ++line) {
      (void)log.feed(i * 2 * KernelLog::kReportNs, "stack");
    }
  }
  EXPECT_EQ(log.complaint_count(), 1000U);
  ASSERT_EQ(log.complaints().size(), KernelLog::kMostComplaints);
  EXPECT_EQ(log.complaints()[0].lines.size(), KernelLog::kMostLines);
}

TEST(KernelLog, what_comes_after_too_many_complaints_is_told_and_judged_all_the_same) {
  KernelLog log;
  for (std::size_t i = 0; i < KernelLog::kMostComplaints; ++i) {
    (void)log.feed(1, "Memory cgroup out of memory: Killed process 12 (hog)");
    (void)log.feed(1, "---[ end trace");
  }
  const auto panic = log.feed(2, "Kernel panic - not syncing: Fatal exception");
  ASSERT_TRUE(panic.has_value());
  EXPECT_EQ(panic->kind, ComplaintKind::kPanic);
  EXPECT_EQ(log.complaints().size(), KernelLog::kMostComplaints);
  const auto check = kernel_log_check({}, log);
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ(check->verdict, Verdict::kFail);
  EXPECT_NE(check->observed.find("panic"), std::string::npos) << check->observed;
}

TEST(KernelLogCheck, judges_only_machines_with_a_console_and_not_a_cgroups_limit) {
  ChecksConfig config;
  KernelLog log;
  EXPECT_EQ(kernel_log_check(config, log), std::nullopt);
  (void)log.feed(1, "Memory cgroup out of memory: Killed process 12 (hog)");
  auto check = kernel_log_check(config, log);
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ(check->verdict, Verdict::kPass);
  (void)log.feed(2'000'000'000, "WARNING: CPU: 0 PID: 1 at a.c:1 x");
  check = kernel_log_check(config, log);
  EXPECT_EQ(check->verdict, Verdict::kFail);
  EXPECT_EQ(check->observed, "WARN at 2.00 s: WARNING: CPU: 0 PID: 1 at a.c:1 x (of 2 complaints)");
  config.kernel_log = false;
  EXPECT_EQ(kernel_log_check(config, log), std::nullopt);
}

} // namespace
} // namespace schedrig::engine
