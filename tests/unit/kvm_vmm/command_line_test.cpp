// SPDX-License-Identifier: MIT
// The kernel's command line.
#include <gtest/gtest.h>

#include "vmm/vm.hpp"

namespace schedrig::kvm {
namespace {

TEST(CommandLine, what_the_user_adds_comes_last_and_so_wins) {
  EXPECT_TRUE(kernel_command_line("loglevel=7").ends_with(" loglevel=7"));
  EXPECT_TRUE(kernel_command_line("kaslr_is=mine", false).ends_with(" nokaslr kaslr_is=mine"));
}

TEST(CommandLine, nokaslr_is_there_only_where_it_is_asked_for) {
  EXPECT_FALSE(says_nokaslr(kernel_command_line("", true)));
  EXPECT_TRUE(says_nokaslr(kernel_command_line("", false)));
  EXPECT_TRUE(says_nokaslr(kernel_command_line("quiet nokaslr", true)));
}

TEST(CommandLine, nokaslr_is_a_word_of_its_own) {
  EXPECT_TRUE(says_nokaslr("nokaslr"));
  EXPECT_TRUE(says_nokaslr("a  nokaslr b"));
  for (const char* other : {"", " ", "nokaslrx", "xnokaslr", "nokaslr=1", "no kaslr"}) {
    EXPECT_FALSE(says_nokaslr(other)) << other;
  }
}

} // namespace
} // namespace schedrig::kvm
