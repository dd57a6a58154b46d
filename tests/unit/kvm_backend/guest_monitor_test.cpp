// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/guest_monitor.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class RecordedEvents final : public EventSink {
 public:
  void on_event(const Event& event) noexcept override {
    constexpr std::string_view kNames[] = {"line", "phase", "exit", "failed", "notice"};
    all.push_back(std::string(kNames[static_cast<std::uint32_t>(event.kind)]) + ":" +
                  std::string(event.text));
  }
  std::vector<std::string> all;
};

class Monitor : public ::testing::Test {
 protected:
  void console(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    GuestOutput output;
    output.console.assign(bytes.begin(), bytes.end());
    monitor_.deliver(output);
  }
  void end(VmEndKind kind) {
    GuestOutput output;
    output.end = VmEnd{.kind = kind, .vcpu = 1, .rip = 0xabc, .exit_reason = 8, .detail = "why"};
    monitor_.deliver(output);
  }

  RecordedEvents events_;
  MachineClock clock_;
  GuestMonitor monitor_{events_, clock_};
};

TEST_F(Monitor, a_console_line_is_an_event_for_the_host_to_judge) {
  console("WARNING: CPU: 0\n");
  EXPECT_THAT(events_.all, ElementsAre("line:WARNING: CPU: 0"));
  EXPECT_FALSE(monitor_.failure());
  EXPECT_TRUE(monitor_.take_noteworthy());
  EXPECT_FALSE(monitor_.take_noteworthy());
}

TEST_F(Monitor, a_message_of_sched_ext_is_a_notice_too) {
  console("sched_ext: x\n");
  EXPECT_THAT(events_.all, ElementsAre("line:sched_ext: x", "notice:console: sched_ext: x"));
  EXPECT_TRUE(monitor_.take_noteworthy());
  EXPECT_FALSE(monitor_.take_noteworthy());
}

TEST_F(Monitor, a_panic_fails_the_machine_once_and_its_reset_is_a_notice) {
  console("Kernel panic - not syncing: x\n");
  end(VmEndKind::kReset);
  EXPECT_THAT(events_.all,
              ElementsAre(StartsWith("line:"), "failed:console: Kernel panic - not syncing: x",
                          StartsWith("notice:reset by the guest")));
  ASSERT_TRUE(monitor_.failure());
  EXPECT_EQ(monitor_.failure()->code, StatusCode::kGuestFailed);
  EXPECT_THAT(monitor_.failure()->message, HasSubstr("Kernel panic"));
  EXPECT_TRUE(monitor_.ended());
}

TEST_F(Monitor, an_end_that_nobody_asked_for_is_a_failure_with_its_details) {
  end(VmEndKind::kPowerOff);
  EXPECT_THAT(
      events_.all,
      ElementsAre("failed:powered off by the guest (vcpu 1, rip 0xabc, exit reason 8): why"));
}

TEST_F(Monitor, a_power_off_that_was_asked_for_is_no_event) {
  monitor_.expect_end();
  end(VmEndKind::kPowerOff);
  EXPECT_THAT(events_.all, IsEmpty());
  EXPECT_TRUE(monitor_.ended());
  EXPECT_FALSE(monitor_.failure());
}

TEST_F(Monitor, a_triple_fault_while_shutting_down_is_a_failure) {
  monitor_.expect_end();
  end(VmEndKind::kTripleFault);
  EXPECT_TRUE(monitor_.failure());
}

TEST_F(Monitor, a_kvm_that_cannot_go_on_sends_the_user_to_the_doctor) {
  end(VmEndKind::kKvmError);
  ASSERT_TRUE(monitor_.failure());
  EXPECT_THAT(monitor_.failure()->help, HasSubstr("schedrig doctor"));
}

TEST_F(Monitor, lost_console_bytes_are_said) {
  GuestOutput output;
  output.console_bytes_lost = 7;
  monitor_.deliver(output);
  EXPECT_THAT(events_.all, ElementsAre("notice:7 bytes of console output were lost"));
}

} // namespace
} // namespace schedrig::kvm
