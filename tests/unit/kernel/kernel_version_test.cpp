// SPDX-License-Identifier: MIT
// Order and prefixes of kernel versions.
#include <gtest/gtest.h>

#include "host/kernel/kernel_version.hpp"

namespace schedrig::kernel {
namespace {

TEST(KernelVersion, numbers_are_compared_as_numbers) {
  EXPECT_TRUE(version_less("6.9.12", "6.18.1"));
  EXPECT_TRUE(version_less("6.18", "6.18.1"));
  EXPECT_TRUE(version_less("6.18.5+deb13-cloud-amd64", "6.18.15+deb13-cloud-amd64"));
  EXPECT_FALSE(version_less("7.0", "6.99"));
  EXPECT_FALSE(version_less("7.0", "7.0"));
  EXPECT_TRUE(version_less("10.0.2+ds", "11.1.3+ds"));
}

TEST(KernelVersion, a_prefix_ends_at_a_whole_number) {
  EXPECT_TRUE(has_version_prefix("6.1.99", "6.1"));
  EXPECT_FALSE(has_version_prefix("6.18.15", "6.1"));
  EXPECT_TRUE(has_version_prefix("6.18.15+deb13", "6.18.15"));
  EXPECT_TRUE(has_version_prefix("6.18.15", ""));
  EXPECT_TRUE(has_version_prefix("6.18.15", "6.18."));
}

TEST(KernelVersion, a_series_is_its_first_numbers) {
  EXPECT_EQ(version_series("7.0.13+deb13-cloud-amd64", 2), "7.0");
  EXPECT_EQ(version_series("7.0-rc1", 2), "7.0");
  EXPECT_EQ(version_series("7", 2), "7");
}

} // namespace
} // namespace schedrig::kernel
