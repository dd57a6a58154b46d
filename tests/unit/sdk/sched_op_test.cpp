// SPDX-License-Identifier: MIT
// What the scheduling commands do, and when what waits goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sched_rig.hpp"

namespace schedrig {
namespace {

using enum SchedCommandNumber;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(SchedOp, yield_gives_up_the_time_slice_and_does_not_wait) {
  SchedRig rig;
  EXPECT_TRUE(rig.call(kYield, 0).yields);
  EXPECT_EQ(rig.vcpu().wait, VcpuWait::kNone);
}

TEST(SchedOp, block_waits_for_an_event_of_its_vcpu_and_is_no_yield) {
  SchedRig rig;
  const SchedOutcome outcome = rig.call(kBlock, 0);
  EXPECT_TRUE(outcome.waits);
  EXPECT_FALSE(outcome.yields);
  EXPECT_THAT(rig.raise(1, 5), IsEmpty());
  EXPECT_THAT(sched_time_passes(rig.machines, UINT64_MAX), IsEmpty());
  EXPECT_THAT(rig.raise(0, 6), ElementsAre(SchedWake{1, 0, 0}));
  EXPECT_EQ(rig.vcpu().wait, VcpuWait::kNone);
}

TEST(SchedOp, block_enables_the_delivery_of_events) {
  SchedRig rig;
  rig.vcpu().events_enabled = false;
  EXPECT_TRUE(rig.call(kBlock, 0).waits);
  EXPECT_TRUE(rig.vcpu().events_enabled);
}

TEST(SchedOp, an_event_that_ended_a_wait_ends_no_other) {
  SchedRig rig;
  (void)rig.raise(0, 6);
  EXPECT_FALSE(rig.call(kBlock, 0).waits);
  EXPECT_TRUE(rig.call(kBlock, 0).waits);
}

TEST(SchedOp, poll_waits_for_a_port_whichever_vcpu_it_notifies) {
  SchedRig rig;
  rig.vcpu().events_enabled = false;
  EXPECT_TRUE(rig.poll({3, 7}).waits);
  EXPECT_THAT(rig.raise(1, 4), IsEmpty());
  EXPECT_THAT(rig.raise(1, 7), ElementsAre(SchedWake{1, 0, 0}));
}

TEST(SchedOp, poll_ends_for_another_event_only_while_delivery_is_enabled) {
  SchedRig rig;
  rig.vcpu().events_enabled = false;
  EXPECT_TRUE(rig.poll({3}).waits);
  EXPECT_THAT(rig.raise(0, 9), IsEmpty());
  SchedRig enabled;
  EXPECT_TRUE(enabled.poll({3}).waits);
  EXPECT_THAT(enabled.raise(0, 9), ElementsAre(SchedWake{1, 0, 0}));
}

TEST(SchedOp, poll_ends_at_an_absolute_time) {
  SchedRig rig;
  const std::uint64_t until = SchedRig::kNowNs + kSecond;
  EXPECT_TRUE(rig.poll({3}, until).waits);
  EXPECT_EQ(next_sched_deadline(rig.machines), until);
  EXPECT_THAT(sched_time_passes(rig.machines, until - 1), IsEmpty());
  EXPECT_THAT(sched_time_passes(rig.machines, until), ElementsAre(SchedWake{1, 0, 0}));
  EXPECT_EQ(next_sched_deadline(rig.machines), std::nullopt);
}

TEST(SchedOp, poll_without_a_time_waits_for_ever) {
  SchedRig rig;
  EXPECT_TRUE(rig.poll({3}, 0).waits);
  EXPECT_THAT(sched_time_passes(rig.machines, UINT64_MAX), IsEmpty());
}

TEST(SchedOp, two_vcpus_that_poll_one_port_both_go_on) {
  SchedRig rig;
  (void)rig.poll({3});
  rig.caller.vcpu = 1;
  (void)rig.poll({3});
  EXPECT_THAT(rig.raise(1, 3), ElementsAre(SchedWake{1, 0, 0}, SchedWake{1, 1, 0}));
  EXPECT_THAT(rig.machine().pending_ports, IsEmpty());
}

TEST(SchedOp, a_vcpu_that_waits_takes_no_command_that_needs_it_to_run) {
  SchedRig rig;
  (void)rig.call(kBlock, 0);
  EXPECT_EQ(rig.call(kYield, 0).value, -EBUSY);
  EXPECT_EQ(rig.call(kBlock, 0).value, -EBUSY);
  EXPECT_EQ(rig.poll({1}).value, -EBUSY);
  EXPECT_EQ(rig.vcpu().wait, VcpuWait::kBlocked);
}

TEST(SchedOp, shutdown_stops_the_machine_and_keeps_the_low_8_bits_of_its_reason) {
  SchedRig rig;
  (void)rig.call_with(kShutdown, ShutdownArgument{0xabcd03});
  EXPECT_TRUE(rig.machine().shut_down);
  EXPECT_EQ(rig.machine().shutdown_code, 3);
  EXPECT_FALSE(rig.machines[0].shut_down);
}

TEST(SchedOp, the_first_shutdown_code_stays) {
  SchedRig rig;
  (void)rig.call_with(kShutdownCode, ShutdownArgument{3});
  EXPECT_FALSE(rig.machine().shut_down);
  (void)rig.call_with(kShutdownCode, ShutdownArgument{1});
  (void)rig.call_with(kShutdown, ShutdownArgument{0});
  EXPECT_EQ(rig.machine().shutdown_code, 3);
}

TEST(SchedOp, a_suspend_returns_0_when_resumed_and_1_when_canceled) {
  for (const bool canceled : {false, true}) {
    SchedRig rig;
    EXPECT_TRUE(rig.call_with(kShutdown, ShutdownArgument{2}).waits);
    EXPECT_TRUE(rig.machine().shut_down);
    EXPECT_THAT(end_suspend(rig.machines, 1, canceled),
                ElementsAre(SchedWake{1, 0, canceled ? 1 : 0}));
    EXPECT_FALSE(rig.machine().shut_down);
    EXPECT_EQ(rig.machine().shutdown_code, std::nullopt);
  }
}

TEST(SchedOp, a_machine_that_is_not_suspended_is_not_resumed) {
  SchedRig rig;
  (void)rig.call_with(kShutdown, ShutdownArgument{3});
  EXPECT_THAT(end_suspend(rig.machines, 1, false), IsEmpty());
  EXPECT_TRUE(rig.machine().shut_down);
}

TEST(SchedOp, remote_shutdown_stops_the_other_machine_and_its_waits) {
  SchedRig rig;
  (void)rig.poll({3}, SchedRig::kNowNs + kSecond);
  rig.caller.domain = 0;
  (void)rig.call_with(kRemoteShutdown, RemoteShutdownArgument{.domain = 1, .reason = 1});
  EXPECT_TRUE(rig.machines[1].shut_down);
  EXPECT_EQ(rig.machines[1].shutdown_code, 1);
  EXPECT_FALSE(rig.machines[0].shut_down);
  EXPECT_EQ(next_sched_deadline(rig.machines), std::nullopt);
}

TEST(SchedOp, a_watchdog_that_expires_shuts_its_machine_down) {
  SchedRig rig;
  (void)rig.call_with(kWatchdog, WatchdogArgument{0, 2});
  const std::uint64_t expires = SchedRig::kNowNs + 2 * kSecond;
  EXPECT_EQ(next_sched_deadline(rig.machines), expires);
  (void)sched_time_passes(rig.machines, expires - 1);
  EXPECT_FALSE(rig.machine().shut_down);
  (void)sched_time_passes(rig.machines, expires);
  EXPECT_TRUE(rig.machine().shut_down);
  EXPECT_EQ(rig.machine().shutdown_code, 4);
}

TEST(SchedOp, a_watchdog_armed_again_expires_later_and_a_destroyed_one_never) {
  SchedRig rig;
  (void)rig.call_with(kWatchdog, WatchdogArgument{0, 2});
  rig.caller.now_ns += kSecond;
  (void)rig.call_with(kWatchdog, WatchdogArgument{1, 5});
  EXPECT_EQ(next_sched_deadline(rig.machines), SchedRig::kNowNs + 6 * kSecond);
  (void)rig.call_with(kWatchdog, WatchdogArgument{1, 0});
  EXPECT_EQ(next_sched_deadline(rig.machines), std::nullopt);
  EXPECT_EQ(rig.call_with(kWatchdog, WatchdogArgument{0, 1}).value, 1);
}

TEST(SchedOp, the_longest_watchdog_does_not_overflow) {
  SchedRig rig;
  (void)rig.call_with(kWatchdog, WatchdogArgument{0, UINT32_MAX});
  EXPECT_EQ(next_sched_deadline(rig.machines), SchedRig::kNowNs + UINT32_MAX * kSecond);
}

TEST(SchedOp, pin_override_is_allowed_to_who_acts_as_the_hardware_domain) {
  SchedRig rig;
  rig.caller.hardware = true;
  EXPECT_EQ(rig.call_with(kPinOverride, PinOverrideArgument{2}).value, 0);
  EXPECT_EQ(rig.vcpu().pinned_to, 2U);
  EXPECT_EQ(rig.call_with(kPinOverride, PinOverrideArgument{-1}).value, 0);
  EXPECT_EQ(rig.vcpu().pinned_to, std::nullopt);
}

TEST(SchedOp, arguments_are_read_once) {
  SchedRig rig;
  (void)rig.call_with(kWatchdog, WatchdogArgument{0, 2});
  EXPECT_EQ(rig.memory.reads, 1);
  (void)rig.poll({1, 2, 3});
  EXPECT_EQ(rig.memory.reads, 3); // the argument, then all ports
}

TEST(SchedOp, commands_that_wait_for_nothing_read_nothing) {
  SchedRig rig;
  (void)rig.call(kYield, CountingMemory::kBase);
  (void)rig.call(kBlock, CountingMemory::kBase);
  EXPECT_EQ(rig.memory.reads, 0);
}

TEST(SchedOp, events_on_what_there_is_not_are_refused) {
  SchedRig rig;
  EXPECT_THAT(rig.raise(2, 1), IsEmpty());
  EXPECT_EQ(rig.error, -EINVAL);
  EXPECT_THAT(rig.raise(0, kEventPorts), IsEmpty());
  EXPECT_EQ(rig.error, -EINVAL);
  (void)rig.raise(0, kEventPorts - 1);
  EXPECT_EQ(rig.error, 0);
}

} // namespace
} // namespace schedrig
