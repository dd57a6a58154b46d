// SPDX-License-Identifier: MIT
// What needs /dev/kvm but no fast one: creation, refusals, stop, and the probes. On a machine
// without the device these skip and say so; the boot tests are in boot_test.cpp.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "guest_fixture.hpp"
#include "probe/probe.hpp"
#include "probe/tiny_vm.hpp"
#include "vmm/device/virtio_console.hpp"
#include "vmm/kvm_ioctl.hpp"
#include "vmm/memory_slots.hpp"

namespace schedrig::kvm {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kResetVector = 0xfff0;

class LiveKvm : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto kvm = open_kvm(); !kvm) {
      GTEST_SKIP() << kvm.error().message;
    }
  }
  Result<std::unique_ptr<Vm>> create(const std::vector<std::byte>& image, std::uint32_t cpus = 1) {
    const Topology topology = Topology::uniform(1, 1, cpus, 1);
    VmConfig config;
    config.kernel_image = image;
    config.memory_bytes = 128ULL << 20;
    config.topology = topology.view();
    return Vm::create(config, sink_);
  }
  test::RecordingSink sink_;
};

TEST_F(LiveKvm, a_guest_prints_on_the_early_console_and_switches_itself_off) {
  // mov dx, 0x3f8; mov al, 'H'; out dx, al; mov al, 'i'; out dx, al;
  // mov dx, 0x600; mov al, 0x34; out dx, al; hlt
  const auto image = test::image_of({0x66, 0xba, 0xf8, 0x03, 0xb0, 'H', 0xee, 0xb0, 'i', 0xee, 0x66,
                                     0xba, 0x00, 0x06, 0xb0, 0x34, 0xee, 0xf4});
  const auto vm = create(image);
  ASSERT_TRUE(vm.has_value()) << vm.error().message;
  ASSERT_TRUE((*vm)->start().has_value());
  const VmEnd end = sink_.end_within(std::chrono::seconds(10));
  EXPECT_EQ(end.kind, VmEndKind::kPowerOff) << end.detail;
  EXPECT_EQ(sink_.console(), "Hi") << "output comes before the end";
  EXPECT_TRUE((*vm)->stop().has_value());
  const ExitCounts exits = (*vm)->exits();
  EXPECT_EQ(exits[static_cast<std::size_t>(ExitKind::kUart)], 2U);
  EXPECT_EQ(exits[static_cast<std::size_t>(ExitKind::kPower)], 1U);
  EXPECT_GE((*vm)->phases().first_console_ns, (*vm)->phases().entry_ns);
}

TEST_F(LiveKvm, a_triple_fault_is_reported_with_what_is_known_of_the_instruction_pointer) {
  const auto vm = create(test::image_of({0x0f, 0x0b})); // ud2, and there is no IDT
  ASSERT_TRUE(vm.has_value()) << vm.error().message;
  ASSERT_TRUE((*vm)->start().has_value());
  const VmEnd end = sink_.end_within(std::chrono::seconds(10));
  EXPECT_EQ(end.kind, VmEndKind::kTripleFault) << end.detail;
  // AMD leaves the state of a CPU that shut down undefined, and KVM resets it before it says so.
  EXPECT_TRUE(end.rip == 0x1000200 || end.rip == kResetVector) << end.detail;
}

TEST_F(LiveKvm, spinning_and_waiting_vcpus_stop_at_once) {
  for (int round = 0; round < 20; ++round) {
    const auto vm =
        create(test::image_of({0xeb, 0xfe}), 4); // jmp to itself; three wait for start-up
    ASSERT_TRUE(vm.has_value()) << vm.error().message;
    ASSERT_TRUE((*vm)->start().has_value());
    const auto before = steady_clock::now();
    const auto stopped = (*vm)->stop();
    ASSERT_TRUE(stopped.has_value()) << stopped.error().message;
    EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(2));
    EXPECT_FALSE(sink_.wait_end(std::chrono::milliseconds(0)).has_value());
    EXPECT_TRUE((*vm)->stop().has_value()) << "a second stop is allowed";
    EXPECT_FALSE((*vm)->start().has_value()) << "a second start is not";
  }
}

TEST_F(LiveKvm, a_machine_that_was_never_started_and_one_that_runs_can_be_destroyed) {
  ASSERT_TRUE(create(test::image_of({0xf4})).has_value());
  const auto vm = create(test::image_of({0xeb, 0xfe}), 2);
  ASSERT_TRUE(vm.has_value());
  ASSERT_TRUE((*vm)->start().has_value());
}

TEST_F(LiveKvm, nothing_is_left_open_when_machines_are_gone) {
  const int before = test::open_files();
  for (int round = 0; round < 3; ++round) {
    const auto vm = create(test::image_of({0xeb, 0xfe}), 2);
    ASSERT_TRUE(vm.has_value());
    ASSERT_TRUE((*vm)->start().has_value());
  }
  EXPECT_EQ(test::open_files(), before);
}

TEST_F(LiveKvm, sending_to_a_guest_that_never_reads_ends_at_the_deadline) {
  const auto vm = create(test::image_of({0xeb, 0xfe}));
  ASSERT_TRUE(vm.has_value());
  ASSERT_TRUE((*vm)->start().has_value());
  const std::vector<std::byte> much(kControlBacklogBytes + 1);
  const auto late = (*vm)->send(much, std::chrono::milliseconds(50));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, StatusCode::kTimeout);
  EXPECT_EQ((*vm)->try_send(much), 0U);
  ASSERT_TRUE((*vm)->stop().has_value());
  const auto gone = (*vm)->send(much, std::chrono::seconds(5));
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, StatusCode::kGuestFailed);
}

TEST(Vm, errors_of_creation_name_what_is_wrong) {
  test::RecordingSink sink;
  const Topology topology = Topology::uniform(1, 1, 1, 1);
  VmConfig config;
  config.topology = topology.view();
  config.kernel_path = "/nonexistent/vmlinuz";
  auto vm = Vm::create(config, sink);
  ASSERT_FALSE(vm.has_value());
  EXPECT_NE(vm.error().message.find("/nonexistent/vmlinuz"), std::string::npos);

  const std::vector<std::byte> garbage(4096);
  config.kernel_image = garbage;
  vm = Vm::create(config, sink);
  ASSERT_FALSE(vm.has_value());
  EXPECT_EQ(vm.error().code, StatusCode::kBadData);

  const auto image = test::image_of({0xf4});
  config.kernel_image = image;
  config.kvm_device = "/dev/null";
  vm = Vm::create(config, sink);
  ASSERT_FALSE(vm.has_value());
  EXPECT_EQ(vm.error().code, StatusCode::kOs);
  EXPECT_NE(vm.error().message.find("KVM_GET_API_VERSION"), std::string::npos);
  EXPECT_EQ(vm.error().os_errno, ENOTTY);
}

TEST(Probe, a_device_that_is_not_kvm_fails_and_ends_the_list) {
  for (const char* device : {"/nonexistent", "/dev/null"}) {
    const auto reports = run_probes(device);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_FALSE(reports[0].ok);
    EXPECT_FALSE(reports[0].consequence.empty());
    EXPECT_FALSE(reports[0].remedy.empty());
  }
}

TEST_F(LiveKvm, every_probe_ends_in_time_and_the_first_two_pass) {
  const auto before = steady_clock::now();
  const auto reports = run_probes();
  EXPECT_LT(steady_clock::now() - before, 4 * kProbeDeadline);
  ASSERT_EQ(reports.size(), 5U);
  EXPECT_TRUE(reports[0].ok) << reports[0].observed;
  EXPECT_TRUE(reports[1].ok) << reports[1].observed;
  for (const auto& report : reports) {
    EXPECT_EQ(report.consequence.empty(), report.ok) << report.name;
  }
}

// A VM of two regions of a MiB each.
struct RegionVm {
  Result<std::vector<RegionCache>> set(MemoryCache second, bool required,
                                       std::optional<CpuVendor> cpu = {}) {
    const std::array<MemoryRegion, 2> regions = {
        MemoryRegion{.name = "first", .bytes = 1U << 20U},
        MemoryRegion{
            .name = "second", .bytes = 1U << 20U, .cache = second, .required = required ? 1U : 0U}};
    const UniqueFd kvm = TRY(open_kvm());
    const UniqueFd vm(TRY(SCHEDRIG_KVM(kvm.get(), KVM_CREATE_VM)));
    const GuestMemory memory = TRY(GuestMemory::create(2U << 20U, true));
    return set_memory_slots(kvm.get(), vm.get(), memory, regions, cpu);
  }
};

TEST_F(LiveKvm, says_what_became_of_each_memory_region) {
  const auto caches = RegionVm().set(MemoryCache::kNoncoherent, false);
  ASSERT_TRUE(caches.has_value()) << caches.error().message;
  ASSERT_EQ(caches->size(), 2U);
  EXPECT_EQ((*caches)[0].name, "first");
  EXPECT_EQ((*caches)[0].result.outcome, CacheOutcome::kNotRequested);
  EXPECT_NE((*caches)[1].result.outcome, CacheOutcome::kNotRequested);
  EXPECT_EQ(probe_memory_cache().ok, satisfied((*caches)[1].result));
}

TEST_F(LiveKvm, a_required_cache_type_that_is_not_to_be_had_is_an_error) {
  const auto dropped = RegionVm().set(MemoryCache::kNoncoherent, false);
  ASSERT_TRUE(dropped.has_value()) << dropped.error().message;
  const auto required = RegionVm().set(MemoryCache::kNoncoherent, true);
  ASSERT_EQ(required.has_value(), satisfied((*dropped)[1].result));
  if (!required) {
    EXPECT_EQ(required.error().code, StatusCode::kUnsupported);
    EXPECT_NE(required.error().message.find("\"second\""), std::string::npos);
    EXPECT_NE(required.error().message.find(to_string((*dropped)[1].result)), std::string::npos);
  }
  EXPECT_TRUE(RegionVm().set(MemoryCache::kCoherent, true).has_value());
}

// What this KVM is asked on a CPU that does not honour the guest's types by itself: capability 213
// with bit 9 is the VM's, and without it 236 may claim a flag that the slot's ioctl refuses.
TEST_F(LiveKvm, answers_the_calls_for_noncoherent_memory_as_its_capabilities_say) {
  const UniqueFd kvm = *open_kvm();
  const auto quirks = static_cast<std::uint64_t>(*check_extension(kvm.get(), kCapDisableQuirks2));
  const bool claims_flag = *check_extension(kvm.get(), kCapNoncoherentOf515) == 1 ||
                           *check_extension(kvm.get(), kCapNoncoherentOf612) == 1;
  const auto caches = RegionVm().set(MemoryCache::kNoncoherent, false, CpuVendor::kIntel);
  ASSERT_TRUE(caches.has_value()) << caches.error().message;
  const CacheOutcome outcome = (*caches)[1].result.outcome;
  if ((quirks & kQuirkIgnoreGuestPat) != 0) {
    EXPECT_EQ(outcome, CacheOutcome::kAppliedVmWide);
  } else {
    EXPECT_EQ(outcome,
              claims_flag ? CacheOutcome::kDroppedRefused : CacheOutcome::kDroppedNoCapability);
  }
}

// A CPU with hardware virtualization reports the hit; a software KVM (no svm, no vmx) must be found
// out, not believed.
TEST_F(LiveKvm, the_watchpoint_probe_tells_the_truth_about_this_host) {
  const std::string cpuinfo = test::read_text("/proc/cpuinfo");
  const bool hardware =
      cpuinfo.find(" svm") != std::string::npos || cpuinfo.find(" vmx") != std::string::npos;
  const ProbeReport report = probe_data_watchpoint();
  EXPECT_EQ(report.ok, hardware) << report.observed;
  if (!hardware) {
    EXPECT_NE(report.observed.find("no KVM_EXIT_DEBUG"), std::string::npos) << report.observed;
  }
}

TEST_F(LiveKvm, a_guest_that_never_ends_is_interrupted_at_the_deadline) {
  const std::uint8_t forever[] = {0xeb, 0xfe};
  auto vm = TinyVm::create("/dev/kvm", forever);
  ASSERT_TRUE(vm.has_value()) << vm.error().message;
  const auto ran = vm->run(steady_clock::now() + std::chrono::milliseconds(50));
  ASSERT_FALSE(ran.has_value());
  EXPECT_EQ(ran.error().code, StatusCode::kTimeout);
}

} // namespace
} // namespace schedrig::kvm
