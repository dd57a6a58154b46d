// SPDX-License-Identifier: MIT
#include <thread>

#include <gtest/gtest.h>

#include "host/engine/watchdog.hpp"

namespace schedrig::engine {
namespace {

TEST(Watchdog, cancels_with_the_deadline_as_reason) {
  Cancellation cancellation;
  const Watchdog watchdog(std::chrono::milliseconds(1), cancellation, "test");
  while (!cancellation.requested()) { // bounded by the test's own timeout
    std::this_thread::yield();
  }
  EXPECT_EQ(cancellation.reason(), CancelReason::kDeadline);
}

TEST(Watchdog, leaves_a_run_that_ends_in_time_alone) {
  Cancellation cancellation;
  {
    const Watchdog watchdog(std::chrono::hours(1), cancellation, "test");
  }
  EXPECT_FALSE(cancellation.requested());
}

TEST(Cancellation, the_first_reason_wins) {
  Cancellation cancellation;
  cancellation.request(CancelReason::kInterrupted);
  cancellation.request(CancelReason::kDeadline);
  EXPECT_EQ(cancellation.reason(), CancelReason::kInterrupted);
}

TEST(WatchdogDeathTest, ends_the_process_when_a_plugin_never_returns) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Cancellation cancellation;
        const Watchdog watchdog(-Watchdog::kGrace, cancellation, "stuck.toml");
        while (true) {
          std::this_thread::yield();
        }
      },
      testing::ExitedWithCode(124), "run \"stuck.toml\" did not end after its deadline");
}

} // namespace
} // namespace schedrig::engine
