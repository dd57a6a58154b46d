// SPDX-License-Identifier: MIT
// Guests of a few instructions, for tests of freezing and copying. They need /dev/kvm, however
// slow; without one the tests skip and say so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "guest_fixture.hpp"
#include "vmm/guest_memory.hpp"
#include "vmm/kvm_ioctl.hpp"

namespace schedrig::kvm::test {

inline constexpr Gpa kCounter = 0x3000;

// inc qword [kCounter]; jmp to it
inline const std::vector<std::uint8_t> kCounts = {0x48, 0xff, 0x04, 0x25, 0x00,
                                                  0x30, 0x00, 0x00, 0xeb, 0xf6};
// mov dx, 0x3f8; out dx, al; inc al; jmp to out
inline const std::vector<std::uint8_t> kPrints = {0x66, 0xba, 0xf8, 0x03, 0xee,
                                                  0xfe, 0xc0, 0xeb, 0xfb};
// mov dx, 0x3f8; out dx, al; inc qword [kCounter]; jmp to inc
inline const std::vector<std::uint8_t> kPrintsOnceAndCounts = {
    0x66, 0xba, 0xf8, 0x03, 0xee, 0x48, 0xff, 0x04, 0x25, 0x00, 0x30, 0x00, 0x00, 0xeb, 0xf6};
// mov dx, 0x600; mov al, 0x34; out dx, al; hlt
inline const std::vector<std::uint8_t> kPowersOff = {0x66, 0xba, 0x00, 0x06,
                                                     0xb0, 0x34, 0xee, 0xf4};

class TinyGuests : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto kvm = open_kvm(); !kvm) {
      GTEST_SKIP() << kvm.error().message;
    }
  }

  static std::unique_ptr<Vm> started(const std::vector<std::uint8_t>& code, VmSink& sink,
                                     std::uint32_t cpus = 2,
                                     const std::function<void(Vm&)>& before_start = {}) {
    const Topology topology = Topology::uniform(1, 1, cpus, 1);
    const auto image = image_of(code);
    VmConfig config;
    config.kernel_image = image;
    config.memory_bytes = 128ULL << 20;
    config.topology = topology.view();
    auto vm = Vm::create(config, sink);
    EXPECT_TRUE(vm.has_value()) << vm.error().message;
    if (before_start) {
      before_start(**vm);
    }
    const auto running = (*vm)->start();
    EXPECT_TRUE(running.has_value()) << running.error().message;
    return *std::move(vm);
  }

  static std::uint64_t counter(const Vm& vm) {
    std::uint64_t value = 0;
    const auto bytes = vm.memory().slice(kCounter, sizeof value);
    __atomic_load(reinterpret_cast<std::uint64_t*>(bytes.data()), &value, __ATOMIC_RELAXED);
    return value;
  }
  static void wait_for_counter_above(const Vm& vm, std::uint64_t value) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (counter(vm) <= value) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the guest does not run";
      std::this_thread::yield();
    }
  }

  RecordingSink sink_;
};

} // namespace schedrig::kvm::test
