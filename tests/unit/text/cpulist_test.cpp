// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/text/cpulist.hpp"

namespace schedrig::text {
namespace {

using Cpus = std::vector<std::uint32_t>;

TEST(Cpulist, reads_numbers_and_ranges_in_any_order) {
  EXPECT_EQ(parse_cpulist("0-3,8"), (Cpus{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_cpulist("8,0-1,1-2"), (Cpus{0, 1, 2, 8}));
  EXPECT_EQ(parse_cpulist("5-5"), (Cpus{5}));
  EXPECT_EQ(parse_cpulist(""), Cpus{});
  EXPECT_EQ(parse_cpulist("\n"), Cpus{});
  EXPECT_EQ(parse_cpulist("0-1\n"), (Cpus{0, 1}));
}

TEST(Cpulist, refuses_what_is_none_and_says_why) {
  const auto message = [](std::string_view text) {
    const auto result = parse_cpulist(text);
    return result ? "accepted as " + format_cpulist(*result) : result.error().message;
  };
  EXPECT_EQ(message("3-1"), "CPU list \"3-1\": the range \"3-1\" runs backwards");
  EXPECT_EQ(message("a"), "CPU list \"a\": \"a\" is neither a number nor a range");
  EXPECT_EQ(message("0,,2"), "CPU list \"0,,2\": \"\" is neither a number nor a range");
  EXPECT_EQ(message("0,"), "CPU list \"0,\": nothing after the last comma");
  EXPECT_EQ(message("-3"), "CPU list \"-3\": \"-3\" is neither a number nor a range");
  EXPECT_EQ(message("0-"), "CPU list \"0-\": \"0-\" is neither a number nor a range");
  EXPECT_EQ(message("0-1-2"), "CPU list \"0-1-2\": \"0-1-2\" is neither a number nor a range");
  EXPECT_EQ(message("0 ,1"), "CPU list \"0 ,1\": \"0 \" is neither a number nor a range");
}

TEST(Cpulist, ends_at_its_limit_before_any_work) {
  EXPECT_EQ(parse_cpulist("0-8191")->size(), kCpulistLimit);
  EXPECT_FALSE(parse_cpulist("8192"));
  EXPECT_FALSE(parse_cpulist("0-18446744073709551615"));
  EXPECT_FALSE(parse_cpulist("18446744073709551616"));
}

TEST(Cpulist, formats_runs_as_ranges) {
  EXPECT_EQ(format_cpulist(Cpus{}), "");
  EXPECT_EQ(format_cpulist(Cpus{0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(format_cpulist(Cpus{1, 3, 4}), "1,3-4");
}

} // namespace
} // namespace schedrig::text
