// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "backend/process_state.hpp"

namespace schedrig::kvm {
namespace {

TEST(ProcessState, is_the_field_after_the_name_whatever_the_name_holds) {
  EXPECT_EQ(process_state("12 (loader) T 1 12"), "is stopped (T)");
  EXPECT_EQ(process_state("12 (a) S (b) D 1 12"), "hangs in the kernel (D)");
  EXPECT_EQ(process_state("12 (x) S"), "sleeps (S)");
}

TEST(ProcessState, of_no_process_and_of_nonsense_is_said_as_such) {
  EXPECT_EQ(process_state(""), "is gone");
  for (const char* text : {"12", "12 (x", "12 (x)", "12 (x) ", "12 (x) ?"}) {
    EXPECT_EQ(process_state(text), "is in an unknown state") << text;
  }
}

} // namespace
} // namespace schedrig::kvm
