// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/hold.hpp"

namespace schedrig::engine {
namespace {

TEST(HoldPlan, covers_every_kind_of_hold) {
  constexpr std::int64_t kRun = 10'000'000'000;
  EXPECT_EQ(plan(HoldFixed{}, kRun).duration_ns, 0);
  EXPECT_EQ(plan(HoldFixed{.duration_ns = 5}, kRun).duration_ns, 5);
  EXPECT_EQ(plan(HoldFraction{.fraction = 0.25}, kRun).duration_ns, kRun / 4);
  const HoldPlan whole = plan(HoldLoop{.every_ns = 7, .during = HoldFraction{1.0}}, kRun);
  EXPECT_EQ(whole.duration_ns, kRun);
  EXPECT_EQ(whole.every_ns, 7);
  const HoldPlan fixed = plan(HoldLoop{.every_ns = 7, .during = HoldFixed{.duration_ns = 9}}, kRun);
  EXPECT_EQ(fixed.duration_ns, 9);
  EXPECT_EQ(plan(HoldFixed{.duration_ns = 5}, kRun).every_ns, 0);
}

} // namespace
} // namespace schedrig::engine
