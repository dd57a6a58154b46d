// SPDX-License-Identifier: MIT
#include <thread>

#include <gtest/gtest.h>

#include "host/engine/watchdog.hpp"
#include "tests/unit/engine/scripted_machine.hpp"

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

// In one callback for ever, or in a new one at each look.
class BusyMachine final : public ActivityFacet {
 public:
  explicit BusyMachine(std::uint64_t step) : step_(step) {
    machine.facets.emplace(kInterfaceId, static_cast<ActivityFacet*>(this));
  }
  void activity(Activity* out) noexcept override {
    out->callback = "enqueue";
    out->call = calls_ += step_;
  }
  ScriptedMachine machine;

 private:
  std::uint64_t step_;
  std::uint64_t calls_ = 0;
};

void wait_for_ever(std::uint64_t step, std::chrono::nanoseconds deadline) {
  BusyMachine busy(step);
  Cancellation cancellation;
  cancellation.attach(&busy.machine);
  const Watchdog watchdog(deadline, cancellation, "stuck.toml");
  while (true) {
    std::this_thread::yield();
  }
}

TEST(WatchdogDeathTest, names_the_callback_that_does_not_return_and_waits_less_for_it) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(wait_for_ever(0, -Watchdog::kCallbackGrace), testing::ExitedWithCode(124),
              "after its deadline: the scheduler's callback enqueue does not return");
}

TEST(WatchdogDeathTest, leaves_a_run_whose_callbacks_return_the_longer_time) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EXIT(wait_for_ever(1, std::chrono::milliseconds(500) - Watchdog::kGrace),
              testing::ExitedWithCode(124), "did not end");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(500));
}

} // namespace
} // namespace schedrig::engine
