// SPDX-License-Identifier: MIT
// Which packages bring which parts of a kernel, in every layout of the archive.
#include <gtest/gtest.h>

#include "host/kernel/kernel_fetch.hpp"

namespace schedrig::kernel {
namespace {

const std::vector<apt::Package> kOffered = {{"linux-image-6.18.15+deb13-cloud-amd64", "6.18.15-1"},
                                            {"linux-image-6.18.15+deb13-amd64", "6.18.15-1"},
                                            {"linux-image-7.0.13+deb13-cloud-amd64", "7.0.13-1"},
                                            {"linux-binary-7.0.13+deb13-cloud-amd64", "7.0.13-1"},
                                            {"linux-image-7.2.12+deb13-cloud-amd64", "7.2.12-1"},
                                            {"linux-binary-7.2.12+deb13-cloud-amd64", "7.2.12-1"},
                                            {"linux-modules-7.2.12+deb13-cloud-amd64", "7.2.12-1"},
                                            {"linux-base-7.2.12+deb13-cloud-amd64", "7.2.12-1"},
                                            {"linux-image-7.2.12+deb13-rt-amd64", "7.2.12-1"},
                                            {"linux-image-cloud-amd64", "7.2.12-1"}};

TEST(KernelCandidates, are_of_one_flavour_newest_first) {
  const auto all = candidates(kOffered, "cloud-amd64");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].version, "7.2.12+deb13-cloud-amd64");
  EXPECT_EQ(all[1].version, "7.0.13+deb13-cloud-amd64");
  EXPECT_EQ(all[2].version, "6.18.15+deb13-cloud-amd64");
}

TEST(KernelCandidates, the_plain_flavour_is_not_the_cloud_or_the_realtime_one) {
  const auto all = candidates(kOffered, "amd64");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].image.name, "linux-image-6.18.15+deb13-amd64");
}

TEST(KernelCandidates, one_package_brings_everything_in_the_old_layout) {
  const auto all = candidates(kOffered, "cloud-amd64");
  EXPECT_EQ(all[2].image.name, "linux-image-6.18.15+deb13-cloud-amd64");
  EXPECT_TRUE(all[2].config.empty());
  EXPECT_TRUE(all[2].modules.empty());
  EXPECT_TRUE(all[2].has_modules);
}

TEST(KernelCandidates, image_config_and_modules_are_three_packages_in_the_new_layout) {
  const auto all = candidates(kOffered, "cloud-amd64");
  EXPECT_EQ(all[0].image.name, "linux-binary-7.2.12+deb13-cloud-amd64");
  ASSERT_EQ(all[0].config.size(), 1U);
  EXPECT_EQ(all[0].config[0].name, "linux-base-7.2.12+deb13-cloud-amd64");
  ASSERT_EQ(all[0].modules.size(), 1U);
  EXPECT_EQ(all[0].modules[0].name, "linux-modules-7.2.12+deb13-cloud-amd64");
}

TEST(KernelCandidates, an_image_whose_modules_left_the_archive_cannot_run_the_lab) {
  const auto all = candidates(kOffered, "cloud-amd64");
  EXPECT_EQ(all[1].image.name, "linux-binary-7.0.13+deb13-cloud-amd64");
  EXPECT_FALSE(all[1].has_modules);
}

} // namespace
} // namespace schedrig::kernel
