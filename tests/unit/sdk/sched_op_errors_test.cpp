// SPDX-License-Identifier: MIT
// The table of returns and errors of the scheduling commands, a row each
// (docs/reference/sched_commands.md has the same rows).
#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

#include "sched_rig.hpp"

namespace schedrig {
namespace {

using enum SchedCommandNumber;

constexpr std::uint64_t kUnmapped = 0xffff'0000;
constexpr std::uint16_t kHardware = 0;
constexpr std::uint16_t kNoDomain = 2;

struct Row {
  const char* name;
  std::function<SchedOutcome(SchedRig&)> call;
  std::int64_t value;
};

void become_hardware(SchedRig& rig) {
  rig.caller.domain = kHardware;
}

SchedOutcome arm(SchedRig& rig, std::uint32_t id, std::uint32_t timeout_s) {
  return rig.call_with(kWatchdog, WatchdogArgument{id, timeout_s});
}

SchedOutcome pin(SchedRig& rig, std::int32_t pcpu) {
  return rig.call_with(kPinOverride, PinOverrideArgument{pcpu});
}

const Row kRows[] = {
    {"yield_returns_0", [](SchedRig& rig) { return rig.call(kYield, kUnmapped); }, 0},
    {"block_with_an_event_pending_returns_0",
     [](SchedRig& rig) {
       (void)rig.raise(0, 1);
       return rig.call(kBlock, kUnmapped);
     },
     0},
    {"shutdown_of_a_bad_pointer_EFAULT",
     [](SchedRig& rig) { return rig.call(kShutdown, kUnmapped); }, -EFAULT},
    {"shutdown_returns_0",
     [](SchedRig& rig) { return rig.call_with(kShutdown, ShutdownArgument{3}); }, 0},
    {"poll_of_a_bad_pointer_EFAULT", [](SchedRig& rig) { return rig.call(kPoll, kUnmapped); },
     -EFAULT},
    {"poll_of_129_ports_EINVAL",
     [](SchedRig& rig) {
       return rig.call_with(kPoll, PollArgument{.ports = kUnmapped, .nr_ports = 129});
     },
     -EINVAL},
    {"poll_of_ports_that_cannot_be_read_EFAULT",
     [](SchedRig& rig) {
       return rig.call_with(kPoll, PollArgument{.ports = kUnmapped, .nr_ports = 128});
     },
     -EFAULT},
    {"poll_of_a_port_that_there_is_not_EINVAL",
     [](SchedRig& rig) { return rig.poll({1, kEventPorts}); }, -EINVAL},
    {"poll_with_a_port_pending_returns_0",
     [](SchedRig& rig) {
       (void)rig.raise(1, 7);
       return rig.poll({3, 7});
     },
     0},
    {"poll_with_another_event_of_the_vcpu_pending_returns_0",
     [](SchedRig& rig) {
       (void)rig.raise(0, 9);
       return rig.poll({3});
     },
     0},
    {"poll_until_a_time_that_is_past_returns_0",
     [](SchedRig& rig) { return rig.poll({3}, SchedRig::kNowNs); }, 0},
    {"remote_shutdown_of_a_bad_pointer_EFAULT",
     [](SchedRig& rig) { return rig.call(kRemoteShutdown, kUnmapped); }, -EFAULT},
    {"remote_shutdown_of_no_machine_ESRCH",
     [](SchedRig& rig) {
       return rig.call_with(kRemoteShutdown, RemoteShutdownArgument{.domain = kNoDomain});
     },
     -ESRCH},
    {"remote_shutdown_by_another_than_the_hardware_domain_EPERM",
     [](SchedRig& rig) {
       return rig.call_with(kRemoteShutdown, RemoteShutdownArgument{.domain = kHardware});
     },
     -EPERM},
    {"remote_shutdown_by_the_hardware_domain_returns_0",
     [](SchedRig& rig) {
       become_hardware(rig);
       return rig.call_with(kRemoteShutdown, RemoteShutdownArgument{.domain = 1, .reason = 1});
     },
     0},
    {"shutdown_code_of_a_bad_pointer_EFAULT",
     [](SchedRig& rig) { return rig.call(kShutdownCode, kUnmapped); }, -EFAULT},
    {"shutdown_code_returns_0",
     [](SchedRig& rig) { return rig.call_with(kShutdownCode, ShutdownArgument{3}); }, 0},
    {"watchdog_of_a_bad_pointer_EFAULT",
     [](SchedRig& rig) { return rig.call(kWatchdog, kUnmapped); }, -EFAULT},
    {"watchdog_3_EINVAL", [](SchedRig& rig) { return arm(rig, 3, 1); }, -EINVAL},
    {"watchdog_of_all_ones_EINVAL", [](SchedRig& rig) { return arm(rig, UINT32_MAX, 0); }, -EINVAL},
    {"watchdog_0_arms_the_first", [](SchedRig& rig) { return arm(rig, 0, 1); }, 1},
    {"watchdog_0_again_arms_the_second",
     [](SchedRig& rig) {
       (void)arm(rig, 0, 1);
       return arm(rig, 0, 1);
     },
     2},
    {"watchdog_0_a_third_time_ENOSPC",
     [](SchedRig& rig) {
       (void)arm(rig, 0, 1);
       (void)arm(rig, 0, 1);
       return arm(rig, 0, 1);
     },
     -ENOSPC},
    {"watchdog_2_unused_EINVAL",
     [](SchedRig& rig) {
       (void)arm(rig, 0, 1);
       return arm(rig, 2, 1);
     },
     -EINVAL},
    {"watchdog_1_unused_is_not_destroyed_EINVAL", [](SchedRig& rig) { return arm(rig, 1, 0); },
     -EINVAL},
    {"watchdog_1_in_use_is_armed_again",
     [](SchedRig& rig) {
       (void)arm(rig, 0, 1);
       return arm(rig, 1, 9);
     },
     0},
    {"watchdog_1_in_use_is_destroyed",
     [](SchedRig& rig) {
       (void)arm(rig, 0, 1);
       return arm(rig, 1, 0);
     },
     0},
    {"pin_override_by_another_than_the_hardware_domain_EPERM_before_EFAULT",
     [](SchedRig& rig) { return rig.call(kPinOverride, kUnmapped); }, -EPERM},
    {"pin_override_of_a_bad_pointer_EFAULT",
     [](SchedRig& rig) {
       become_hardware(rig);
       return rig.call(kPinOverride, kUnmapped);
     },
     -EFAULT},
    {"pin_override_to_a_cpu_that_is_not_in_the_pool_EINVAL",
     [](SchedRig& rig) {
       become_hardware(rig);
       return pin(rig, 4);
     },
     -EINVAL},
    {"pin_override_returns_0",
     [](SchedRig& rig) {
       become_hardware(rig);
       return pin(rig, 3);
     },
     0},
    {"pin_override_of_a_pinned_vcpu_EBUSY",
     [](SchedRig& rig) {
       become_hardware(rig);
       (void)pin(rig, 3);
       return pin(rig, 2);
     },
     -EBUSY},
    {"pin_override_undone_returns_0",
     [](SchedRig& rig) {
       become_hardware(rig);
       (void)pin(rig, 3);
       return pin(rig, -1);
     },
     0},
    {"pin_override_undone_without_one_EINVAL",
     [](SchedRig& rig) {
       become_hardware(rig);
       return pin(rig, -1);
     },
     -EINVAL},
    {"command_8_ENOSYS", [](SchedRig& rig) { return rig.call_number(8, kUnmapped); }, -ENOSYS},
    {"command_of_all_ones_ENOSYS",
     [](SchedRig& rig) { return rig.call_number(UINT32_MAX, kUnmapped); }, -ENOSYS},
};

class SchedOpErrors : public testing::TestWithParam<Row> {};

TEST_P(SchedOpErrors, row) {
  SchedRig rig;
  const SchedOutcome outcome = GetParam().call(rig);
  EXPECT_EQ(outcome.value, GetParam().value);
  EXPECT_FALSE(outcome.waits);
}

INSTANTIATE_TEST_SUITE_P(Table, SchedOpErrors, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

} // namespace
} // namespace schedrig
