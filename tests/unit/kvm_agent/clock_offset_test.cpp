// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "backend/clock_offset.hpp"

namespace schedrig::kvm {
namespace {

TEST(ClockOffset, one_round_trip_bounds_the_offset_by_half_of_its_length) {
  ClockOffset offset;
  EXPECT_FALSE(offset.error_ns(0));
  // The guest is 1000 ahead: asked at 100, arrives at 110, answered at 120, back at 130.
  ASSERT_TRUE(offset.update(100, {.received_ns = 1110, .sent_ns = 1120}, 130));
  EXPECT_EQ(offset.to_host(5000), 4000);
  EXPECT_EQ(offset.error_ns(130), 10);
}

TEST(ClockOffset, bounds_of_round_trips_intersect) {
  ClockOffset offset;
  ASSERT_TRUE(offset.update(0, {.received_ns = 1500, .sent_ns = 1500}, 600));    // [900, 1500]
  ASSERT_TRUE(offset.update(600, {.received_ns = 1650, .sent_ns = 1650}, 1000)); // [650, 1050]
  EXPECT_EQ(offset.error_ns(1000), 75);
  EXPECT_EQ(offset.to_host(1975), 1000);
}

TEST(ClockOffset, the_error_grows_with_time_by_the_drift) {
  ClockOffset offset;
  ASSERT_TRUE(offset.update(0, {.received_ns = 10, .sent_ns = 10}, 20));
  EXPECT_EQ(offset.error_ns(20), 10);
  EXPECT_EQ(offset.error_ns(2'000'000'020), 10 + 2000 * kMaxDriftPpm);
}

TEST(ClockOffset, a_round_trip_that_excludes_all_earlier_ones_replaces_them) {
  ClockOffset offset;
  ASSERT_TRUE(offset.update(0, {.received_ns = 10, .sent_ns = 10}, 20));
  ASSERT_TRUE(offset.update(30, {.received_ns = 9'000'000, .sent_ns = 9'000'000}, 40));
  EXPECT_EQ(offset.to_host(9'000'000), 35);
}

TEST(ClockOffset, a_guest_that_stood_still_is_later_by_so_much) {
  ClockOffset offset;
  ASSERT_TRUE(offset.update(100, {.received_ns = 1110, .sent_ns = 1120}, 130)); // 1000 ahead
  offset.guest_stood(700);
  EXPECT_EQ(offset.to_host(5000), 4700);
  EXPECT_EQ(offset.error_ns(130), 10);
  ASSERT_TRUE(offset.update(900, {.received_ns = 1205, .sent_ns = 1205}, 910)) << "300 ahead now";
  EXPECT_EQ(offset.to_host(5000), 4700);
}

TEST(ClockOffset, stamps_that_contradict_themselves_change_nothing) {
  ClockOffset offset;
  ASSERT_TRUE(offset.update(0, {.received_ns = 10, .sent_ns = 10}, 20));
  EXPECT_FALSE(offset.update(30, {.received_ns = 50, .sent_ns = 40}, 60));
  EXPECT_FALSE(offset.update(30, {.received_ns = -1, .sent_ns = 40}, 60));
  EXPECT_FALSE(offset.update(30, {.received_ns = 1, .sent_ns = INT64_MAX}, 60));
  EXPECT_FALSE(offset.update(30, {.received_ns = 100, .sent_ns = 200}, 60)); // longer than the trip
  EXPECT_EQ(offset.to_host(1000), 1000);
}

TEST(ClockOffset, a_guest_time_that_cannot_be_is_the_machines_zero) {
  const ClockOffset offset;
  EXPECT_EQ(offset.to_host(INT64_MIN), 0);
  EXPECT_EQ(offset.to_host(INT64_MAX), 0);
}

} // namespace
} // namespace schedrig::kvm
