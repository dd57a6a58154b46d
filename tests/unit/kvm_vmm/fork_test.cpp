// SPDX-License-Identifier: MIT
// Saved machines and those that start from them, with guests of a few instructions. Kernels are
// copied by fork_boot_test.cpp, where there is a KVM that runs them.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <sys/ioctl.h>

#include "tiny_guests.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;
using test::kCounts;
using test::kPowersOff;

class Fork : public test::TinyGuests {
 protected:
  static std::shared_ptr<const SavedMachine> saved(Vm& vm) {
    const auto frozen = vm.freeze(10s);
    EXPECT_TRUE(frozen.has_value()) << frozen.error().message;
    auto machine = vm.save();
    EXPECT_TRUE(machine.has_value()) << machine.error().message;
    EXPECT_TRUE(vm.thaw().has_value());
    return *std::move(machine);
  }
  static std::unique_ptr<Vm> fork(const std::shared_ptr<const SavedMachine>& machine,
                                  VmSink& sink) {
    auto vm = Vm::create_from(machine, sink);
    EXPECT_TRUE(vm.has_value()) << vm.error().message;
    return *std::move(vm);
  }
  static void start(Vm& vm) {
    const auto started = vm.start(7);
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
};

TEST_F(Fork, a_machine_goes_on_where_the_saved_one_stood_and_that_one_goes_on_too) {
  const auto parent = started(kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, 100));
  const auto machine = saved(*parent);
  test::RecordingSink sinks[3];
  const auto first = fork(machine, sinks[0]);
  const std::uint64_t there = counter(*first);
  EXPECT_GT(there, 100U);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, there));
  EXPECT_EQ(counter(*first), there) << "it has not been started";
  ASSERT_NO_FATAL_FAILURE(start(*first));
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*first, there + 100));
  const auto second = fork(machine, sinks[1]);
  EXPECT_EQ(counter(*second), there) << "what others write is theirs";
  ASSERT_NO_FATAL_FAILURE(start(*second));
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*second, there));
}

TEST_F(Fork, a_machine_started_from_a_saved_one_is_saved_and_started_from_again) {
  const auto parent = started(kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, 100));
  const auto child = fork(saved(*parent), sink_);
  const std::uint64_t born = counter(*child);
  ASSERT_NO_FATAL_FAILURE(start(*child));
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*child, born + 100));
  const auto grandchild = fork(saved(*child), sink_);
  const std::uint64_t there = counter(*grandchild);
  EXPECT_GT(there, born + 100);
  ASSERT_NO_FATAL_FAILURE(start(*grandchild));
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*grandchild, there));
}

TEST_F(Fork, a_reset_takes_it_back_whether_it_runs_stands_or_has_ended) {
  const auto parent = started(kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, 100));
  const auto child = fork(saved(*parent), sink_);
  const std::uint64_t born = counter(*child);
  for (int life = 0; life < 20; ++life) {
    ASSERT_NO_FATAL_FAILURE(start(*child));
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*child, born + 10));
    if (life % 3 == 1) {
      ASSERT_TRUE(child->stop().has_value());
    } else if (life % 3 == 2) {
      ASSERT_TRUE(child->freeze(10s).has_value());
    }
    const auto reset = child->reset(10s);
    ASSERT_TRUE(reset.has_value()) << reset.error().message;
    EXPECT_GE(reset->pages, 1U);
    ASSERT_EQ(counter(*child), born) << "life " << life;
  }
}

TEST_F(Fork, a_guest_that_ends_tells_it_in_each_of_its_lives) {
  // Prints once and counts until the test lets it: cmp byte [0x4000], 0; je back; power off.
  const auto parent =
      started({0x48, 0xff, 0x04, 0x25, 0x00, 0x30, 0x00, 0x00, 0x80, 0x3c, 0x25, 0x00, 0x40,
               0x00, 0x00, 0x00, 0x74, 0xee, 0x66, 0xba, 0x00, 0x06, 0xb0, 0x34, 0xee, 0xf4},
              sink_);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, 100));
  const auto machine = saved(*parent);
  test::RecordingSink sink;
  const auto child = fork(machine, sink);
  for (int life = 0; life < 5; ++life) {
    ASSERT_NO_FATAL_FAILURE(start(*child));
    ASSERT_TRUE(child->memory().write_object(0x4000, std::uint8_t{1}).has_value());
    EXPECT_EQ(sink.end_within(10s).kind, VmEndKind::kPowerOff) << "life " << life;
    const auto reset = child->reset(10s);
    ASSERT_TRUE(reset.has_value()) << reset.error().message;
    sink.forget_end();
  }
}

TEST_F(Fork, it_is_asked_for_in_order) {
  const auto parent = started(kCounts, sink_);
  EXPECT_EQ(parent->save().error().code, StatusCode::kInvalidArgument) << "it is not frozen";
  EXPECT_EQ(parent->reset(1s).error().code, StatusCode::kInvalidArgument) << "it was booted";
  const auto child = fork(saved(*parent), sink_);
  ASSERT_NO_FATAL_FAILURE(start(*child));
  EXPECT_FALSE(child->start().has_value());
}

// What differs between a machine and the next one saved from it at once: documented in
// docs/reference/kvm_templates.md.
TEST_F(Fork, save_start_save_is_the_same_but_for_what_time_changes) {
  const auto parent = started({0xeb, 0xfe}, sink_, 4); // jmp to itself: no register changes
  const auto first = saved(*parent);
  const auto child = fork(first, sink_);
  ASSERT_NO_FATAL_FAILURE(start(*child));
  const auto second = saved(*child);
  ASSERT_EQ(second->state.vm.vcpus.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const VcpuState& a = first->state.vm.vcpus[i];
    const VcpuState& b = second->state.vm.vcpus[i];
    const auto same = [&](const auto& x, const auto& y, const char* what) {
      EXPECT_EQ(std::memcmp(&x, &y, sizeof x), 0) << "vCPU " << i << ": " << what;
    };
    EXPECT_EQ(a.apic_id, b.apic_id);
    same(a.mp_state, b.mp_state, "MP state");
    same(a.regs, b.regs, "registers");
    same(a.sregs, b.sregs, "system registers");
    EXPECT_EQ(a.xsave, b.xsave) << "vCPU " << i;
    same(a.xcrs, b.xcrs, "XCRs");
    same(a.debug, b.debug, "debug registers");
    same(a.lapic, b.lapic, "local APIC");
    same(a.events, b.events, "events");
    EXPECT_EQ(a.tsc_deadline, b.tsc_deadline);
    ASSERT_EQ(a.msrs.size(), b.msrs.size());
    for (std::size_t k = 0; k < a.msrs.size(); ++k) {
      EXPECT_EQ(a.msrs[k].index, b.msrs[k].index);
      EXPECT_EQ(a.msrs[k].data, b.msrs[k].data) << "MSR " << std::hex << a.msrs[k].index;
    }
  }
  for (std::size_t i = 0; i < kIrqchips; ++i) {
    EXPECT_EQ(std::memcmp(&first->state.vm.irqchips[i], &second->state.vm.irqchips[i],
                          sizeof(kvm_irqchip)),
              0)
        << "irqchip " << i;
  }
  EXPECT_EQ(first->state.vm.tsc_khz, second->state.vm.tsc_khz);
}

TEST_F(Fork, the_guests_clocks_do_not_jump) {
  const auto parent = started(kCounts, sink_);
  const auto first = saved(*parent);
  std::this_thread::sleep_for(200ms); // that no machine notices
  const auto child = fork(first, sink_);
  const auto before = std::chrono::steady_clock::now();
  ASSERT_NO_FATAL_FAILURE(start(*child));
  const auto second = saved(*child);
  const std::chrono::nanoseconds real = std::chrono::steady_clock::now() - before;
  const VmState& a = first->state.vm;
  const VmState& b = second->state.vm;
  const auto clock = static_cast<std::int64_t>(b.clock.ns - a.clock.ns);
  EXPECT_GE(clock, 0);
  EXPECT_LE(clock, real.count());
  if (b.vcpus[0].tsc_offset == 0) {
    return; // a KVM whose guests read the host's TSC: it cannot be moved
  }
  const auto ticks = static_cast<double>(b.clock.host_tsc + b.vcpus[0].tsc_offset -
                                         (a.clock.host_tsc + a.vcpus[0].tsc_offset));
  const double tsc = ticks * 1e6 / a.tsc_khz;
  EXPECT_NEAR(tsc, static_cast<double>(clock), 1e6) << "TSC and kvmclock went apart";
}

std::atomic<int> calls_left{-1};
std::atomic<unsigned long> failed_request{0};

int failing_ioctl(int fd, unsigned long request, unsigned long argument) noexcept {
  if (request != KVM_RUN && calls_left.load() >= 0 && calls_left.fetch_sub(1) == 0) {
    failed_request = request;
    errno = ENOMEM;
    return -1;
  }
  return ::ioctl(fd, request, argument);
}

// KVMCLOCK_CTRL may fail: a kernel without kvmclock is no error.
TEST_F(Fork, every_call_that_fails_is_an_error_with_its_name_and_nothing_is_left) {
  const auto parent = started(kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, 100));
  const auto machine = saved(*parent);
  const int files = test::open_files();
  int failed = 0;
  for (int nth = 0; nth < 1000; ++nth) {
    failed_request = 0;
    const IoctlCall before = exchange_kvm_ioctl(failing_ioctl);
    calls_left = nth;
    std::string error;
    {
      const auto child = Vm::create_from(machine, sink_);
      const auto started = child ? (*child)->start() : Result<>();
      if (!child || !started) {
        error = child ? started.error().message : child.error().message;
      }
      calls_left = -1;
    }
    exchange_kvm_ioctl(before);
    if (failed_request == 0) {
      break;
    }
    ++failed;
    if (failed_request != KVM_KVMCLOCK_CTRL) {
      EXPECT_NE(error.find("KVM_"), std::string::npos) << "call " << nth << ": " << error;
      EXPECT_NE(error.find(std::strerror(ENOMEM)), std::string::npos) << error;
    }
    ASSERT_EQ(test::open_files(), files) << "call " << nth;
  }
  EXPECT_GT(failed, 60);
  // The original was not touched by any of it.
  ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*parent, counter(*parent)));
}

} // namespace
} // namespace schedrig::kvm
