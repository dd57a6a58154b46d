// SPDX-License-Identifier: MIT
// The freeze rendezvous on guests of a few instructions. Needs /dev/kvm, however slow; kernels are
// frozen by boot_test.cpp.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "tiny_guests.hpp"
#include "vmm/kvm_ioctl.hpp"
#include "vmm/state/vcpu_state.hpp"
#include "vmm/state/vm_state.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

using Freeze = test::TinyGuests;
using test::kCounts;
using test::kPrints;
using test::kPrintsOnceAndCounts;

TEST_F(Freeze, a_guest_writes_nothing_while_it_stands_and_goes_on_afterwards) {
  const auto vm = started(kCounts, sink_, 4);
  std::uint64_t seen = 0;
  for (int round = 0; round < 100; ++round) {
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, seen));
    const auto frozen = vm->freeze(10s);
    ASSERT_TRUE(frozen.has_value()) << frozen.error().message;
    seen = counter(*vm);
    std::this_thread::sleep_for(1ms);
    ASSERT_EQ(counter(*vm), seen);
    ASSERT_TRUE(vm->thaw().has_value());
  }
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, seen));
}

TEST_F(Freeze, an_access_in_flight_is_done_once) {
  const auto vm = started(kPrints, sink_);
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(vm->freeze(10s).has_value());
    ASSERT_TRUE(vm->thaw().has_value());
  }
  while (sink_.console().size() < 1000) {
    std::this_thread::yield();
  }
  ASSERT_TRUE(vm->stop().has_value());
  const std::string console = sink_.console();
  for (std::size_t i = 1; i < console.size(); ++i) {
    ASSERT_EQ(static_cast<std::uint8_t>(console[i] - console[i - 1]), 1)
        << "byte " << i << " of " << console.size();
  }
  EXPECT_EQ(sink_.notices(), "");
}

TEST_F(Freeze, it_is_asked_for_in_order) {
  const auto vm = started(kCounts, sink_);
  EXPECT_EQ(vm->thaw().error().code, StatusCode::kInvalidArgument);
  ASSERT_TRUE(vm->freeze(10s).has_value());
  EXPECT_EQ(vm->freeze(10s).error().code, StatusCode::kInvalidArgument);
  EXPECT_TRUE(vm->stop().has_value()) << "a frozen guest stops, too";
  EXPECT_FALSE(vm->freeze(10s).has_value()) << "a stopped one does not freeze";
}

TEST_F(Freeze, a_frozen_machine_can_be_destroyed) {
  const auto vm = started(kCounts, sink_);
  ASSERT_TRUE(vm->freeze(10s).has_value());
}

TEST_F(Freeze, a_guest_that_has_ended_does_not_freeze) {

  const auto vm = started(test::kPowersOff, sink_);
  EXPECT_EQ(sink_.end_within(10s).kind, VmEndKind::kPowerOff);
  const auto frozen = vm->freeze(10s);
  ASSERT_FALSE(frozen.has_value());
  EXPECT_EQ(frozen.error().code, StatusCode::kGuestFailed);
}

// A sink whose callback takes as long as the test likes.
class SlowSink final : public VmSink {
 public:
  void on_console(std::span<const std::byte> /*bytes*/) noexcept override {
    while (slow) {
      std::this_thread::yield();
    }
  }
  void on_control(std::span<const std::byte> /*bytes*/) noexcept override {}
  void on_control_open(bool /*open*/) noexcept override {}
  void on_end(const VmEnd& /*end*/) noexcept override {}
  void on_notice(std::string_view /*text*/) noexcept override {}

  std::atomic<bool> slow = true;
};

TEST_F(Freeze, a_late_device_thread_is_named_and_the_guest_goes_on) {
  SlowSink sink;
  const auto vm = started(kPrintsOnceAndCounts, sink);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, 0));
  const auto names_it = [](const Result<>& frozen) {
    return !frozen && frozen.error().message.find("the device thread") != std::string::npos;
  };
  auto frozen = vm->freeze(50ms);
  // It may have stood still before it got to the byte, and on a loaded machine a vCPU may be late.
  for (const auto end = std::chrono::steady_clock::now() + 20s;
       !names_it(frozen) && std::chrono::steady_clock::now() < end;) {
    ASSERT_TRUE(!frozen || vm->thaw().has_value());
    frozen = vm->freeze(50ms);
  }
  ASSERT_TRUE(names_it(frozen));
  EXPECT_EQ(frozen.error().code, StatusCode::kTimeout);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, counter(*vm)));
  sink.slow = false;
  EXPECT_TRUE(vm->freeze(10s).has_value());
}

// By KVM's own books; kernels are asked for the time by boot_test.cpp.
TEST_F(Freeze, clock_and_tsc_go_on_from_where_they_stood) {
  constexpr std::uint32_t kTsc = 0x10;
  const auto kvm = open_kvm();
  ASSERT_TRUE(kvm.has_value());
  const UniqueFd vm(*SCHEDRIG_KVM(kvm->get(), KVM_CREATE_VM));
  const UniqueFd vcpu(*SCHEDRIG_KVM(vm.get(), KVM_CREATE_VCPU, 0UL));
  const auto khz = static_cast<std::uint32_t>(*SCHEDRIG_KVM(vcpu.get(), KVM_GET_TSC_KHZ));
  const auto tsc = [&] { return read_msrs(vcpu.get(), {kTsc})->at(0).data; };
  const auto clock = read_clock(vm.get());
  const std::uint64_t before = tsc();
  std::this_thread::sleep_for(2s);
  const std::array fds = {vcpu.get()};
  const auto went_on = continue_clock(vm.get(), fds, *clock, khz);
  if (!went_on && went_on.error().code == StatusCode::kUnsupported) {
    EXPECT_GE(tsc() - before, std::uint64_t{khz} * 2000) << "it says so because it is so";
    GTEST_SKIP() << went_on.error().message;
  }
  ASSERT_TRUE(went_on.has_value()) << went_on.error().message;
  EXPECT_LT(tsc() - before, std::uint64_t{khz} * 1000) << "of a second";
  EXPECT_LT(read_clock(vm.get())->ns - clock->ns, 1'000'000'000U);
}

TEST_F(Freeze, registers_are_those_of_the_instruction_at_which_a_vcpu_stands) {
  const auto vm = started(kCounts, sink_, 2);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, 0));
  EXPECT_EQ(vm->registers(0).error().code, StatusCode::kInvalidArgument) << "it runs";
  ASSERT_TRUE(vm->freeze(10s).has_value());
  ASSERT_EQ(vm->vcpu_count(), 2U);
  const auto first = vm->registers(0);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->started, 1U);
  EXPECT_TRUE(first->rip % 0x1000 == 0x200 || first->rip % 0x1000 == 0x208) << first->rip;
  EXPECT_NE(first->cr3, 0U);
  const auto second = vm->registers(1);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->started, 0U);
  EXPECT_EQ(vm->registers(2).error().code, StatusCode::kInvalidArgument) << "there are two";
}

TEST_F(Freeze, a_vcpu_that_was_made_late_is_named_until_there_is_time_for_it) {
  const auto vm = started(kCounts, sink_, 2, [](Vm& made) { made.make_late(0, 300ms); });
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, 0));
  const auto frozen = vm->freeze(20ms);
  ASSERT_FALSE(frozen.has_value());
  EXPECT_EQ(frozen.error().code, StatusCode::kTimeout);
  EXPECT_NE(frozen.error().message.find("vCPU 0"), std::string::npos) << frozen.error().message;
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, counter(*vm)));
  EXPECT_TRUE(vm->freeze(10s).has_value());
}

std::atomic<bool> hold_vcpu{false};

int held_ioctl(int fd, unsigned long request, unsigned long argument) noexcept {
  const int result = ::ioctl(fd, request, argument);
  const int error = errno;
  while (request == KVM_RUN && hold_vcpu) {
    std::this_thread::yield();
  }
  errno = error;
  return result;
}

TEST_F(Freeze, a_late_vcpu_is_named_and_all_go_on) {
  hold_vcpu = false;
  const IoctlCall before = exchange_kvm_ioctl(held_ioctl);
  {
    const auto vm = started(kCounts, sink_, 1);
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, 0));
    hold_vcpu = true;
    const auto frozen = vm->freeze(50ms);
    hold_vcpu = false;
    ASSERT_FALSE(frozen.has_value());
    EXPECT_EQ(frozen.error().code, StatusCode::kTimeout);
    EXPECT_NE(frozen.error().message.find("vCPU 0"), std::string::npos) << frozen.error().message;
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, counter(*vm)));
  }
  exchange_kvm_ioctl(before);
}

} // namespace
} // namespace schedrig::kvm
