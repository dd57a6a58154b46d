// SPDX-License-Identifier: MIT
// kvm_vmm_boot_test: stock kernels on the VMM: topologies of both vendors, control channel, the
// ways a guest can end, and stop. Needs a KVM that runs kernels: tests/lab runs it in the lab.
//
// kvm_vmm_boot_test [--kernel=BZIMAGE] --init=PROGRAM [gtest options]
// Without --kernel it takes the newest whole kernel of the cache.
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "boot_files.hpp"
#include "boot_shapes.hpp"
#include "expected_topology.hpp"
#include "guest_fixture.hpp"
#include "host/kernel/bzimage.hpp"
#include "vmm/apic_layout.hpp"
#include "vmm/guest_memory.hpp"
#include "vmm/kvm_ioctl.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

// An emulated host on a loaded machine of two cores takes a tenth of it.
constexpr auto kBootTimeout = 120s;
constexpr auto kAnswerTimeout = 60s;
constexpr std::uint64_t kDefaultMemory = 512ULL << 20;
// __START_KERNEL_map and CONFIG_PHYSICAL_START, which is 16 MiB unless a build changes it.
constexpr const char* kLinkAddress = "ffffffff81000000";

std::span<const std::byte> kernel_image() {
  return test::boot_files().kernel.bytes();
}

// Where every kernel that KASLR moves was linked to, by its own account.
std::set<std::string>& kernel_texts() {
  static std::set<std::string> texts;
  return texts;
}

class Boot : public testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) {
      std::cout << "console:\n"
                << sink_.console() << "\nnotices: " << sink_.notices() << "\nexits:";
      const ExitCounts counts = vm_ ? vm_->exits() : ExitCounts{};
      for (std::size_t i = 0; i < kExitKinds; ++i) {
        std::cout << " " << kExitNames[i] << " " << counts[i];
      }
      std::cout << "\n" << std::flush;
    }
  }

  void create(const Topology& topology, std::optional<CpuVendor> vendor = {},
              std::span<const std::byte> program = test::boot_files().init.bytes(),
              std::uint64_t memory_bytes = kDefaultMemory) {
    initramfs_ = test::initramfs_of(program);
    VmConfig config;
    config.kernel_image = kernel_;
    config.initramfs = initramfs_;
    config.memory_bytes = memory_bytes;
    config.topology = topology.view();
    config.vendor = vendor;
    auto vm = Vm::create(config, sink_);
    ASSERT_TRUE(vm.has_value()) << vm.error().message;
    vm_ = *std::move(vm);
    const auto started = vm_->start();
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  void boot(const Topology& topology, std::optional<CpuVendor> vendor = {},
            std::uint64_t memory_bytes = kDefaultMemory) {
    ASSERT_NO_FATAL_FAILURE(
        create(topology, vendor, test::boot_files().init.bytes(), memory_bytes));
    const auto ready = sink_.next_line(boot_timeout_);
    ASSERT_EQ(ready.value_or("no word from the guest"), "ready") << end_text();
    const BootPhases phases = vm_->phases();
    std::cout << to_string(topology.view()) << ": user space after "
              << phases.control_open_ns / 1000000 << " ms" << "\n"
              << std::flush;
    if (vm_->kaslr()) {
      kernel_texts().insert(ask("text"));
    }
  }
  void tell(const std::string& command) {
    const std::string line = command + "\n";
    const auto sent = vm_->send(std::as_bytes(std::span(line)), kAnswerTimeout);
    EXPECT_TRUE(sent.has_value()) << sent.error().message;
  }
  std::string ask(const std::string& command) {
    tell(command);
    return sink_.next_line(kAnswerTimeout).value_or("no answer; " + end_text());
  }
  std::string end_text() {
    const auto end = sink_.wait_end(0ms);
    return end ? "ended: " + end->detail : "still running";
  }
  void expect_end(VmEndKind kind) {
    const VmEnd end = sink_.end_within(kAnswerTimeout);
    EXPECT_EQ(end.kind, kind) << end.detail;
    EXPECT_TRUE(vm_->stop().has_value());
  }
  std::uint64_t exits(ExitKind kind) { return vm_->exits()[static_cast<std::size_t>(kind)]; }

  std::chrono::seconds boot_timeout_ = kBootTimeout;
  std::span<const std::byte> kernel_ = kernel_image();
  test::RecordingSink sink_;
  std::vector<std::byte> initramfs_;
  std::unique_ptr<Vm> vm_;
};

TEST_F(Boot, one_cpu_boots_with_few_exits_answers_and_switches_itself_off) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 1, 1)));
  EXPECT_EQ(ask("echo hello, guest"), "hello, guest");
  EXPECT_EQ(ask("complaints"), "none");
  EXPECT_NE(sink_.console().find("guest: user space"), std::string::npos);
  const BootPhases phases = vm_->phases();
  EXPECT_GE(phases.entry_ns, 0);
  EXPECT_GT(phases.first_console_ns, phases.entry_ns);
  EXPECT_GT(phases.control_open_ns, phases.entry_ns);
  std::uint64_t all = 0;
  for (const std::uint64_t count : vm_->exits()) {
    all += count;
  }
  std::cout << all << " exits" << "\n" << std::flush;
  // Some 1,200; an unanswered 8042 alone would be 65,536, a missing clock 40,000.
  EXPECT_LT(all, 3000U);
  EXPECT_EQ(exits(ExitKind::kI8042), 0U);
  tell("poweroff");
  expect_end(VmEndKind::kPowerOff);
}

TEST_F(Boot, a_vmlinux_runs_where_it_was_linked_to) {
  const auto vmlinux = kernel::extract_vmlinux(kernel_image());
  ASSERT_TRUE(vmlinux.has_value()) << vmlinux.error().message;
  kernel_ = *vmlinux;
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 2, 1)));
  EXPECT_EQ(vm_->kernel_format(), "vmlinux");
  EXPECT_FALSE(vm_->kaslr());
  EXPECT_EQ(ask("text"), kLinkAddress);
  EXPECT_EQ(ask("topology"), test::expected_topology(Topology::uniform(1, 1, 2, 1)));
  EXPECT_EQ(ask("complaints"), "none");
  tell("poweroff");
  expect_end(VmEndKind::kPowerOff);
}

class BootShape : public Boot, public testing::WithParamInterface<test::BootShape> {
 protected:
  // What the guest's nodes have, by "memory": a kernel keeps some of each for itself.
  void expect_node_memory(const test::BootShape& shape) {
    const auto wanted = node_memory(shape.topology.view(), shape.memory_bytes);
    ASSERT_TRUE(wanted.has_value()) << wanted.error().message;
    std::istringstream answer(ask("memory"));
    std::uint64_t all = 0;
    for (std::size_t node = 0; node < wanted->size(); ++node) {
      std::uint64_t kib = 0;
      answer >> kib;
      EXPECT_LE(kib << 10U, (*wanted)[node]) << "node " << node;
      EXPECT_GT((kib << 10U) + kKernelOwnBytes, (*wanted)[node]) << "node " << node;
      all += kib << 10U;
    }
    EXPECT_GT(all + kKernelOwnBytes, shape.memory_bytes);
    std::string more;
    EXPECT_FALSE(answer >> more) << more;
  }

 private:
  // Image, initramfs and struct pages of the largest shape: some 120 MiB; nodes differ by more.
  static constexpr std::uint64_t kKernelOwnBytes = 200ULL << 20;
};

TEST_P(BootShape, sysfs_shows_what_was_asked_for) {
  const test::BootShape& shape = GetParam();
  ASSERT_NO_FATAL_FAILURE(boot(shape.topology, shape.vendor, shape.memory_bytes));
  EXPECT_EQ(ask("topology"), test::expected_topology(shape.topology));
  expect_node_memory(shape);
  EXPECT_EQ(ask("complaints"), "none");
}

INSTANTIATE_TEST_SUITE_P(Topologies, BootShape, testing::ValuesIn(test::small_shapes()),
                         [](const auto& shape) { return shape.param.name; });

TEST_F(Boot, sixty_four_cpus_come_up_where_they_belong) {
  const test::BootShape shape = test::sixty_four_cpus();
  boot_timeout_ = 900s;
  ASSERT_NO_FATAL_FAILURE(boot(shape.topology, shape.vendor, shape.memory_bytes));
  EXPECT_EQ(ask("topology"), test::expected_topology(shape.topology));
  EXPECT_EQ(ask("complaints"), "none");
}

TEST_F(Boot, megabytes_go_both_ways_through_the_control_port) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 2, 1)));
  EXPECT_EQ(ask("bulk 64").size(), 64U * 65536);
  const std::string text(3U << 20U, 'y'); // three times the backlog: send has to wait for room
  EXPECT_EQ(ask("echo " + text), text);
}

TEST_F(Boot, a_reboot_is_a_reset) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 2, 1)));
  tell("reboot");
  expect_end(VmEndKind::kReset);
}

TEST_F(Boot, a_panic_is_seen_on_the_console_and_then_a_reset) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 2, 1)));
  tell("panic");
  expect_end(VmEndKind::kReset);
  EXPECT_NE(sink_.console().find("Kernel panic"), std::string::npos);
}

TEST_F(Boot, a_guest_without_a_usable_init_ends_by_itself) {
  const std::vector<std::byte> garbage(100, std::byte{'x'});
  ASSERT_NO_FATAL_FAILURE(create(Topology::uniform(1, 1, 1, 1), {}, garbage));
  const VmEnd end = sink_.end_within(kBootTimeout);
  EXPECT_EQ(end.kind, VmEndKind::kReset) << end.detail;
  EXPECT_NE(sink_.console().find("No working init found"), std::string::npos);
}

int without_ioeventfd(int fd, unsigned long request, unsigned long argument) noexcept {
  if (request == KVM_IOEVENTFD) {
    errno = ENOSPC;
    return -1;
  }
  return ::ioctl(fd, request, argument);
}

// ioctl_fault_test.cpp has all others; this one comes when a driver maps the device.
TEST_F(Boot, a_device_that_kvm_fails_ends_the_machine_and_says_why) {
  const IoctlCall before = exchange_kvm_ioctl(without_ioeventfd);
  create(Topology::uniform(1, 1, 1, 1));
  const VmEnd end = sink_.end_within(kBootTimeout);
  exchange_kvm_ioctl(before);
  EXPECT_EQ(end.kind, VmEndKind::kHostError);
  EXPECT_NE(end.detail.find("KVM_IOEVENTFD"), std::string::npos) << end.detail;
  EXPECT_NE(end.detail.find("No space left"), std::string::npos) << end.detail;
}

TEST_F(Boot, busy_and_booting_guests_stop_at_once) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 4, 1)));
  tell("spin");
  EXPECT_TRUE(vm_->stop().has_value());
  ASSERT_NO_FATAL_FAILURE(create(Topology::uniform(1, 1, 4, 1)));
  EXPECT_TRUE(vm_->stop().has_value()) << "in the middle of booting";
  EXPECT_FALSE(sink_.wait_end(0ms).has_value());
}

// The number behind `word` in each console line that has it.
std::vector<unsigned> counts_of(const std::string& console, const std::string& word) {
  std::vector<unsigned> counts;
  for (std::size_t at = 0; (at = console.find(word, at)) != std::string::npos; at += word.size()) {
    counts.push_back(
        static_cast<unsigned>(std::strtoul(console.c_str() + at + word.size(), nullptr, 10)));
  }
  return counts;
}

class BootFreeze : public Boot, public testing::WithParamInterface<std::uint32_t> {
 protected:
  // Of all RAM; a sum with positions, so that moved words show.
  std::uint64_t memory_sum() {
    const GuestMemory& memory = vm_->memory();
    const auto* words = reinterpret_cast<const std::uint64_t*>(memory.base());
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < memory.size() / sizeof(std::uint64_t); ++i) {
      sum = sum * 31 + words[i];
    }
    return sum;
  }
};

TEST_P(BootFreeze, a_busy_guest_stands_still_and_goes_on_without_a_trace) {
  constexpr unsigned kWorkers = 8;
  constexpr int kRounds = 20;
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, GetParam(), 1), {}, 128ULL << 20));
  EXPECT_EQ(ask("work " + std::to_string(kWorkers)), "working");
  for (int round = 0; round < kRounds; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * round));
    const auto frozen = vm_->freeze(10s);
    ASSERT_TRUE(frozen.has_value()) << frozen.error().message;
    const std::string said = sink_.console();
    const std::uint64_t before = memory_sum();
    EXPECT_EQ(memory_sum(), before) << "round " << round;
    EXPECT_EQ(sink_.console(), said);
    const auto thawed = vm_->thaw();
    ASSERT_TRUE(thawed.has_value()) << thawed.error().message;
  }
  EXPECT_EQ(ask("echo still here"), "still here");
  for (unsigned worker = 0; worker < kWorkers; ++worker) {
    const auto counts = counts_of(sink_.console(), "worker " + std::to_string(worker) + " count ");
    EXPECT_GT(counts.size(), 3U) << "worker " << worker;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(counts[i], i) << "worker " << worker << " lost or repeated a line";
    }
  }
  EXPECT_EQ(ask("complaints"), "none");
}

// Longer than a kernel lets a CPU be silent (watchdog_thresh, 20 s for the soft lockup).
TEST_P(BootFreeze, a_long_window_is_no_time_in_the_guest) {
  constexpr auto kWindow = 25s;
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, GetParam(), 1), {}, 128ULL << 20));
  EXPECT_EQ(ask("work 4"), "working");
  const std::int64_t before = std::stoll(ask("time"));
  const auto asked = std::chrono::steady_clock::now();
  const auto frozen = vm_->freeze(10s);
  ASSERT_TRUE(frozen.has_value()) << frozen.error().message;
  std::this_thread::sleep_for(kWindow);
  const auto pause = vm_->thaw();
  ASSERT_TRUE(pause.has_value()) << pause.error().message;
  EXPECT_TRUE(pause->guest_clock_stood);
  EXPECT_GE(pause->clock, kWindow);
  EXPECT_GE(pause->whole, pause->clock);
  const std::chrono::nanoseconds passed(std::stoll(ask("time")) - before);
  const std::chrono::nanoseconds outside = std::chrono::steady_clock::now() - asked - pause->clock;
  EXPECT_GT(passed, 0ns);
  EXPECT_LE(passed, outside + 50ms);
  EXPECT_EQ(ask("complaints"), "none");
}

INSTANTIATE_TEST_SUITE_P(Cpus, BootFreeze, testing::Values(1U, 4U),
                         [](const auto& cpus) { return std::to_string(cpus.param) + "_cpus"; });

// Last: it looks at all boots above. Addresses are multiples of 2 MiB in 1 GiB: that all of them
// agree by chance is out of the question.
TEST(BootKaslr, kernels_ran_at_different_addresses) {
  if (kernel_texts().empty()) {
    GTEST_SKIP() << "no boot was asked for";
  }
  EXPECT_EQ(kernel_texts().count("?"), 0U);
  if (kernel_texts().size() == 1) {
    ADD_FAILURE() << "every boot at " << *kernel_texts().begin();
  }
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return schedrig::kvm::test::open_boot_files(argc, argv) ? RUN_ALL_TESTS() : 2;
}
