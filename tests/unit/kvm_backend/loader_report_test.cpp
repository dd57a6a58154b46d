// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "backend/loader_report.hpp"
#include "scx_loader/report_lines.hpp"

namespace schedrig::kvm {
namespace {

TEST(LoaderReport, every_line_of_our_loader_is_understood_whatever_its_text_holds) {
  const std::string dump = "CPU 0\n\tcurr=\\a[1]";
  const LoaderReport report =
      read_loader_lines(scx::report_line(scx::kNote, "callback x is left out") +
                        scx::report_line(scx::kKind, "1026") + scx::report_line(scx::kCode, "-3") +
                        scx::report_line(scx::kReason, "runnable task stall") +
                        scx::report_line(scx::kMessage, "a[1] failed") +
                        scx::report_line(scx::kDump, dump) + scx::report_line(scx::kEnded, "fifo"));
  EXPECT_EQ(report.kind, 1026);
  EXPECT_EQ(report.code, -3);
  EXPECT_EQ(report.reason, "runnable task stall");
  EXPECT_EQ(report.message, "a[1] failed");
  EXPECT_EQ(report.dump, dump);
  EXPECT_EQ(report.log, "callback x is left out\n");
}

TEST(LoaderReport, what_makes_no_sense_is_ignored) {
  const LoaderReport report = read_loader_lines("kind\tx\nreason\nnothing\t1\ncode\t1 2\nkind\t5");
  EXPECT_FALSE(report.kind) << "a line without an end is not complete";
  EXPECT_EQ(report.code, 0);
  EXPECT_EQ(report.reason, "");
}

TEST(LoaderReport, a_foreign_loaders_last_words_give_kind_and_message) {
  const LoaderReport report = read_foreign_output(
      "local=5\nEXIT: runnable task stall (a[1] failed to run for 5.000s)\n", "warned\n");
  EXPECT_EQ(report.kind, 1026);
  EXPECT_EQ(report.reason, "runnable task stall");
  EXPECT_EQ(report.message, "a[1] failed to run for 5.000s");
  EXPECT_EQ(report.log, "warned\n");
  EXPECT_EQ(read_foreign_output("", "EXIT: unregistered from user space\n").kind, 64);
  EXPECT_FALSE(read_foreign_output("EXIT: something else\n", "").kind);
}

TEST(LoaderReport, what_the_verifier_said_to_a_foreign_loader_is_the_cause) {
  const LoaderReport report = read_foreign_output(
      "", "libbpf: prog 'a_init': -- BEGIN PROG LOAD LOG --\n0: (79) r1 = *(u64 *)(r1 "
          "+0)\ninvalid read from stack R1 off=0 size=8\nprocessed 41 insns\n-- END "
          "PROG LOAD LOG --\nlibbpf: prog 'a_init': failed to load: -13\n");
  EXPECT_EQ(report.failed, "the verifier refuses a_init: invalid read from stack R1 off=0 size=8");
  EXPECT_EQ(read_foreign_output("", "libbpf: object 'a': failed\n").failed, "");
}

TEST(LoaderReport, the_end_of_a_log_is_cut_at_lines) {
  EXPECT_EQ(last_whole_lines("first\nsecond\nthird\n", 12), "second\nthird");
  EXPECT_EQ(last_whole_lines("first\nsecond\nthird\n", 11), "third");
  EXPECT_EQ(last_whole_lines("first\nsecond", 100), "first\nsecond");
  EXPECT_EQ(last_whole_lines("one line that is long", 4), "long");
  EXPECT_EQ(last_whole_lines("", 4), "");
}

} // namespace
} // namespace schedrig::kvm
