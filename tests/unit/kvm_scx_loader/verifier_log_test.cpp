// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "scx_loader/verifier_log.hpp"

namespace schedrig::scx {
namespace {

TEST(VerifierLog, the_complaint_above_the_count_is_the_cause_with_the_programs_name) {
  EXPECT_EQ(cause_of("libbpf: prog 'mine_enqueue': BPF program load failed: EACCES\n"
                     "libbpf: prog 'mine_enqueue': -- BEGIN PROG LOAD LOG --\n"
                     "0: (79) r6 = *(u64 *)(r1 +0)\n"
                     "R1 invalid mem access 'scalar'\n"
                     "processed 12 insns (limit 1000000)\n"
                     "-- END PROG LOAD LOG --\n"
                     "libbpf: failed to load object 'mine'\n"),
            "the verifier refuses mine_enqueue: R1 invalid mem access 'scalar'");
}

TEST(VerifierLog, without_the_verifiers_words_the_last_complaint_is_the_cause) {
  EXPECT_EQ(cause_of("libbpf: one\nlibbpf: extern 'f' is not resolved\n"),
            "libbpf: extern 'f' is not resolved");
  EXPECT_EQ(cause_of(""), "");
}

TEST(VerifierLog, a_log_that_was_cut_has_a_cause_too) {
  EXPECT_EQ(cause_of("libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\nR1 is wrong\n"),
            "the verifier refuses a: R1 is wrong");
  EXPECT_EQ(cause_of("-- BEGIN PROG LOAD LOG --"), "the verifier refuses : ");
}

TEST(VerifierLog, a_log_that_lost_its_begin_has_the_name_behind_its_end) {
  EXPECT_EQ(cause_of("R1 is wrong\nprocessed 7 insns\n-- END PROG LOAD LOG --\n"
                     "libbpf: prog 'a': failed to load: -13\n"),
            "the verifier refuses a: R1 is wrong");
}

} // namespace
} // namespace schedrig::scx
