// SPDX-License-Identifier: MIT
// Freeze windows and registers on the backend under test, where it has them.
#include <string>

#include <gtest/gtest.h>

#include <schedrig/freeze.hpp>
#include <schedrig/vcpus.hpp>

#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {
namespace {

constexpr std::int64_t kTimeoutNs = 10'000'000'000; // an emulated host takes its time

class FreezeContract : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(booted().up()) << booted().problem();
    freezer_ = query<FreezeFacet>(machine());
    if (freezer_ == nullptr) {
      GTEST_SKIP() << "no " << FreezeFacet::kInterfaceId;
    }
  }
  static BootedMachine& booted() { return BootedMachine::get(); }
  static Machine& machine() { return booted().machine(); }

  static std::string words(const Status& status) { return status.message; }

  FreezeFacet* freezer_ = nullptr;
};

TEST_F(FreezeContract, the_machines_clock_stands_in_a_window_and_goes_on_from_there) {
  for (int round = 0; round < 20; ++round) {
    const std::int64_t before = machine().now_ns();
    const Status frozen = freezer_->freeze(kTimeoutNs);
    ASSERT_TRUE(frozen.ok()) << words(frozen);
    const std::int64_t inside = machine().now_ns();
    EXPECT_GE(inside, before);
    EXPECT_EQ(machine().now_ns(), inside);
    std::int64_t frozen_ns = 0;
    const Status thawed = freezer_->thaw(&frozen_ns);
    ASSERT_TRUE(thawed.ok()) << words(thawed);
    EXPECT_GT(frozen_ns, 0);
    EXPECT_GE(machine().now_ns(), inside);
    WakeReason reason = WakeReason::kEvent;
    ASSERT_TRUE(machine().wait_until(inside + 1'000'000, &reason).ok());
  }
}

TEST_F(FreezeContract, windows_neither_nest_nor_end_twice_and_nobody_waits_in_one) {
  std::int64_t frozen_ns = 0;
  EXPECT_EQ(freezer_->thaw(&frozen_ns).code, StatusCode::kInvalidArgument);
  const Status frozen = freezer_->freeze(kTimeoutNs);
  ASSERT_TRUE(frozen.ok()) << words(frozen);
  EXPECT_EQ(freezer_->freeze(kTimeoutNs).code, StatusCode::kInvalidArgument);
  WakeReason reason = WakeReason::kEvent;
  EXPECT_EQ(machine().wait_until(machine().now_ns() + 1, &reason).code,
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(freezer_->thaw(&frozen_ns).ok());
  EXPECT_EQ(freezer_->thaw(&frozen_ns).code, StatusCode::kInvalidArgument);
}

TEST_F(FreezeContract, registers_are_told_in_a_window_only) {
  auto* vcpus = query<VcpusFacet>(machine());
  if (vcpus == nullptr) {
    GTEST_SKIP() << "no " << VcpusFacet::kInterfaceId;
  }
  VcpuRegisters registers;
  EXPECT_EQ(vcpus->registers(0, &registers).code, StatusCode::kInvalidArgument);
  ASSERT_TRUE(freezer_->freeze(kTimeoutNs).ok());
  for (std::uint32_t vcpu = 0; vcpu < vcpus->count(); ++vcpu) {
    const Status told = vcpus->registers(vcpu, &registers);
    EXPECT_TRUE(told.ok()) << words(told);
    EXPECT_EQ(registers.started, 1U) << vcpu;
    EXPECT_NE(registers.rip, 0U) << vcpu;
    EXPECT_NE(registers.lstar, 0U) << vcpu;
  }
  EXPECT_EQ(vcpus->registers(vcpus->count(), &registers).code, StatusCode::kInvalidArgument);
  std::int64_t frozen_ns = 0;
  EXPECT_TRUE(freezer_->thaw(&frozen_ns).ok());
}

} // namespace
} // namespace schedrig::contract
