// SPDX-License-Identifier: MIT
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "backend/machine_clock.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

TEST(MachineClock, reads_zero_before_it_is_started) {
  MachineClock clock;
  EXPECT_EQ(clock.now_ns(), 0);
  clock.stop();
  clock.go_on(5);
  EXPECT_EQ(clock.now_ns(), 0);
}

TEST(MachineClock, stands_still_with_its_machine_and_never_goes_back) {
  MachineClock clock;
  clock.start();
  const std::int64_t began = host_now_ns();
  std::this_thread::sleep_for(1ms);
  clock.stop();
  const std::int64_t stood_at = clock.now_ns();
  EXPECT_GE(stood_at, 1'000'000);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(clock.now_ns(), stood_at);
  clock.go_on(25'000'000); // it stood before it was told to
  EXPECT_GE(clock.now_ns(), stood_at);
  std::this_thread::sleep_for(10ms);
  EXPECT_GT(clock.now_ns(), stood_at);
  EXPECT_LE(clock.now_ns(), host_now_ns() - began + 1'000'000 - 20'000'000);
}

TEST(MachineClock, turns_times_of_the_guest_from_before_and_after_into_its_own) {
  MachineClock clock;
  clock.start();
  const std::int64_t host = host_now_ns();
  ClockOffset offset; // the guest reads as the host
  ASSERT_TRUE(offset.update(host, {.received_ns = host, .sent_ns = host}, host));
  const std::int64_t before = clock.from_guest(offset, host);
  clock.stop();
  clock.go_on(1'000'000'000);
  offset.guest_stood(1'000'000'000);
  EXPECT_EQ(clock.from_guest(offset, host), before);
}

TEST(MachineClock, begins_anew_after_a_reset) {
  MachineClock clock;
  clock.start();
  std::this_thread::sleep_for(1ms);
  clock.stop();
  clock.reset();
  EXPECT_EQ(clock.now_ns(), 0);
}

} // namespace
} // namespace schedrig::kvm
