// SPDX-License-Identifier: MIT
// What is quoted of a console on which a kernel has died.
#include <gtest/gtest.h>

#include "host/lab/kernel_death.hpp"

namespace schedrig::lab {
namespace {

const std::string kOops = "[  1.0] all is well\r\n"
                          "[  2.0] BUG: unable to handle page fault for address: 1\r\n"
                          "[  2.1] RIP: 0010:schedule+0x1/0x2\r\n"
                          "[  2.2] Kernel panic - not syncing: Fatal exception\r\n"
                          "[  2.3] Kernel Offset: disabled\r\n";

TEST(KernelDeath, an_oops_is_told_from_its_first_line_to_its_last) {
  EXPECT_EQ(panic_line(kOops), "Kernel panic - not syncing: Fatal exception");
  EXPECT_EQ(death_lines(kOops), "[  2.0] BUG: unable to handle page fault for address: 1\n"
                                "[  2.1] RIP: 0010:schedule+0x1/0x2\n"
                                "[  2.2] Kernel panic - not syncing: Fatal exception\n"
                                "[  2.3] Kernel Offset: disabled\n");
}

TEST(KernelDeath, a_panic_without_an_oops_is_told_from_its_own_line_on) {
  const std::string far = "BUG: another one\n" + std::string(9000, 'x') + "\n";
  EXPECT_EQ(death_lines(far + "[ 3] Kernel panic - not syncing: sysrq\n[ 3] Call Trace:\n"),
            "[ 3] Kernel panic - not syncing: sysrq\n[ 3] Call Trace:\n");
}

TEST(KernelDeath, a_kernel_that_lives_has_none_and_a_talkative_one_is_cut_short) {
  EXPECT_EQ(panic_line("BUG: but it goes on\n"), "");
  EXPECT_EQ(death_lines("BUG: but it goes on\n"), "");
  std::string many = "Kernel panic - not syncing: x\n";
  for (int i = 0; i < 1000; ++i) {
    many += "line\n";
  }
  EXPECT_LT(death_lines(many).size(), 400U);
}

} // namespace
} // namespace schedrig::lab
