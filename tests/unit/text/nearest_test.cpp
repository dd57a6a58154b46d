// SPDX-License-Identifier: MIT
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "host/text/nearest.hpp"

namespace schedrig::text {
namespace {

TEST(EditDistance, counts_each_kind_of_edit_once) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("memory", "memroy"), 1U);
  EXPECT_EQ(edit_distance("hold", "holds"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U); // optimal string alignment, not the unrestricted form
}

TEST(Nearest, is_the_closest_name_within_a_third_of_the_word) {
  const std::vector<std::string_view> names = {"topology", "memory", "kernel", "cmdline"};
  EXPECT_EQ(nearest("memroy", names), "memory");
  EXPECT_EQ(nearest("topolgy", names), "topology");
  EXPECT_EQ(nearest("ram", names), std::nullopt);
  EXPECT_EQ(nearest("", names), std::nullopt);
  EXPECT_EQ(nearest(std::string(65, 'm'), names), std::nullopt);
  EXPECT_EQ(nearest("x", std::vector<std::string_view>{}), std::nullopt);
}

TEST(Suggest, proposes_the_nearest_or_lists_all) {
  const std::vector<std::string_view> names = {"kvm", "mock"};
  EXPECT_EQ(suggest("mok", names, "backends"), "did you mean \"mock\"?");
  EXPECT_EQ(suggest("qemu", names, "backends"), "backends: kvm, mock");
  EXPECT_EQ(suggest("qemu", {}, "backends"), "backends: there are none");
  const std::vector<std::string> many(100, "name");
  const std::vector<std::string_view> views(many.begin(), many.end());
  EXPECT_TRUE(suggest("other", views).ends_with(", ..."));
  EXPECT_LT(suggest("other", views).size(), 300U);
}

} // namespace
} // namespace schedrig::text
