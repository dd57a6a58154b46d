// SPDX-License-Identifier: MIT
// How much longer a watchdog has to wait for CPUs that lose time to the host.
#include <cstdint>

#include <gtest/gtest.h>

#include "host/engine/lost_time.hpp"

namespace schedrig::engine {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(LostTime, is_none_where_nothing_was_lost) {
  LostTime lost;
  EXPECT_EQ(lost.within(kSecond), 0);
  for (std::int64_t at = 0; at < 10; ++at) {
    lost.add(at * kSecond, {7, 9});
  }
  EXPECT_EQ(lost.within(3 * kSecond), 0);
}

// Half of the time is lost: two seconds of its own take a CPU four.
TEST(LostTime, grows_with_the_span_that_it_lengthens) {
  LostTime lost;
  for (std::int64_t at = 0; at <= 20; ++at) {
    lost.add(at * kSecond, {at * kSecond / 2});
  }
  EXPECT_EQ(lost.within(2 * kSecond), 2 * kSecond);
}

TEST(LostTime, counts_the_cpu_that_lost_most) {
  LostTime lost;
  for (std::int64_t at = 0; at <= 20; ++at) {
    lost.add(at * kSecond, {0, at * kSecond / 2, at * kSecond / 4});
  }
  EXPECT_EQ(lost.within(2 * kSecond), 2 * kSecond);
}

TEST(LostTime, of_long_ago_counts_no_more) {
  LostTime lost;
  lost.add(0, {0});
  lost.add(10 * kSecond, {10 * kSecond});
  EXPECT_EQ(lost.within(2 * kSecond), 10 * kSecond);
  lost.add(11 * kSecond, {10 * kSecond});
  EXPECT_EQ(lost.within(2 * kSecond), 10 * kSecond);
  lost.add(12 * kSecond, {10 * kSecond});
  lost.add(13 * kSecond, {10 * kSecond});
  EXPECT_EQ(lost.within(2 * kSecond), 0);
}

TEST(LostTime, of_a_machine_that_never_runs_is_all_of_it) {
  LostTime lost;
  for (std::int64_t at = 0; at <= 20'000; ++at) {
    lost.add(at * kSecond, {at * kSecond});
  }
  EXPECT_GT(lost.within(2 * kSecond), 10'000 * kSecond);
}

} // namespace
} // namespace schedrig::engine
