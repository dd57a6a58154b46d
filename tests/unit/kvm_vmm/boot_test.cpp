// SPDX-License-Identifier: MIT
// kvm_vmm_boot_test: stock kernels on the VMM: topologies of both vendors, control channel, the
// ways a guest can end, and stop. Needs a KVM that runs kernels: tests/lab runs it in the lab.
//
// kvm_vmm_boot_test [--kernel=BZIMAGE] --init=PROGRAM [gtest options]
// Without --kernel it takes the newest whole kernel of the cache.
#include <chrono>
#include <iostream>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "guest_fixture.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "vmm/boot/bzimage.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

// An emulated host on a loaded machine of two cores takes a tenth of it.
constexpr auto kBootTimeout = 120s;
constexpr auto kAnswerTimeout = 60s;

std::vector<std::byte>& kernel_image() {
  static std::vector<std::byte> image;
  return image;
}

std::vector<std::byte>& init_program() {
  static std::vector<std::byte> program;
  return program;
}

// Where every kernel of this run was linked to, by its own account.
std::set<std::string>& kernel_texts() {
  static std::set<std::string> texts;
  return texts;
}

// "0-2,5", as the kernel prints CPU lists.
std::string cpu_list(const std::vector<std::uint32_t>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
      ++last;
    }
    text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
    text += last == i ? "" : "-" + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

template <class Same> std::string sharers(const std::vector<CpuPlace>& places, Same same) {
  std::vector<std::uint32_t> cpus;
  for (const CpuPlace& place : places) {
    if (same(place)) {
      cpus.push_back(place.cpu);
    }
  }
  return cpu_list(cpus);
}

// What guest/init.cpp must print for "topology", sizes of nodes aside.
std::string expected_topology(const Topology& topology) {
  const auto places = cpu_places(topology.view());
  const std::size_t nodes = topology.nodes.size();
  std::string text = "online=" + sharers(places, [](const CpuPlace&) { return true; }) + ";";
  text += "nodes=" + (nodes == 1 ? std::string("0") : "0-" + std::to_string(nodes - 1)) + ";";
  for (std::size_t node = 0; node < nodes; ++node) {
    text += "node" + std::to_string(node) + "=" +
            sharers(places, [&](const CpuPlace& place) { return place.node == node; }) + "|";
    for (std::size_t other = 0; other < nodes; ++other) {
      text += (other == 0 ? "" : " ") + std::to_string(topology.distances[node * nodes + other]);
    }
    text += ";";
  }
  for (const CpuPlace& cpu : places) {
    text += "cpu" + std::to_string(cpu.cpu) + "=pkg:";
    text += sharers(places, [&](const CpuPlace& place) { return place.node == cpu.node; });
    text += ",llc:" + sharers(places, [&](const CpuPlace& place) { return place.llc == cpu.llc; });
    text +=
        ",core:" + sharers(places, [&](const CpuPlace& place) { return place.core == cpu.core; });
    text += ";";
  }
  return text;
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
              std::span<const std::byte> program = init_program()) {
    initramfs_ = test::initramfs_of(program);
    VmConfig config;
    config.kernel_image = kernel_image();
    config.initramfs = initramfs_;
    config.memory_bytes = 512ULL << 20;
    config.topology = topology.view();
    config.vendor = vendor;
    auto vm = Vm::create(config, sink_);
    ASSERT_TRUE(vm.has_value()) << vm.error().message;
    vm_ = *std::move(vm);
    const auto started = vm_->start();
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  void boot(const Topology& topology, std::optional<CpuVendor> vendor = {}) {
    ASSERT_NO_FATAL_FAILURE(create(topology, vendor));
    const auto ready = sink_.next_line(kBootTimeout);
    ASSERT_EQ(ready.value_or("no word from the guest"), "ready") << end_text();
    const BootPhases phases = vm_->phases();
    std::cout << to_string(topology.view()) << ": user space after "
              << phases.control_open_ns / 1000000 << " ms" << "\n"
              << std::flush;
    kernel_texts().insert(ask("text"));
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

struct Shape {
  const char* name;
  Topology (*make)();
  CpuVendor vendor;
};

class BootShape : public Boot, public testing::WithParamInterface<Shape> {};

TEST_P(BootShape, sysfs_shows_what_was_asked_for) {
  const Topology topology = GetParam().make();
  ASSERT_NO_FATAL_FAILURE(boot(topology, GetParam().vendor));
  EXPECT_EQ(ask("topology"), expected_topology(topology));
  EXPECT_EQ(ask("complaints"), "none");
}

Topology two_nodes_of_smt() {
  return Topology::uniform(2, 4, 1, 2);
}

// Three and two cores in one node, one in the other, 33 apart.
Topology uneven() {
  Topology topology;
  topology.nodes = {{.first_llc = 0, .llc_count = 2}, {.first_llc = 2, .llc_count = 1}};
  topology.llc_cores = {3, 2, 1};
  topology.distances = {10, 33, 33, 10};
  return topology;
}

Topology with_memory_only_node() {
  Topology topology = Topology::uniform(1, 1, 2, 1);
  topology.nodes.push_back({.first_llc = 1, .llc_count = 0, .memory_bytes = 128ULL << 20});
  topology.distances = {10, 17, 17, 10};
  return topology;
}

INSTANTIATE_TEST_SUITE_P(
    Topologies, BootShape,
    testing::Values(Shape{"two_nodes_of_smt_amd", two_nodes_of_smt, CpuVendor::kAmd},
                    Shape{"two_nodes_of_smt_intel", two_nodes_of_smt, CpuVendor::kIntel},
                    Shape{"uneven_amd", uneven, CpuVendor::kAmd},
                    Shape{"uneven_intel", uneven, CpuVendor::kIntel},
                    Shape{"memory_only_node_amd", with_memory_only_node, CpuVendor::kAmd}),
    [](const auto& shape) { return shape.param.name; });

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

TEST_F(Boot, busy_and_booting_guests_stop_at_once) {
  ASSERT_NO_FATAL_FAILURE(boot(Topology::uniform(1, 1, 4, 1)));
  tell("spin");
  EXPECT_TRUE(vm_->stop().has_value());
  ASSERT_NO_FATAL_FAILURE(create(Topology::uniform(1, 1, 4, 1)));
  EXPECT_TRUE(vm_->stop().has_value()) << "in the middle of booting";
  EXPECT_FALSE(sink_.wait_end(0ms).has_value());
}

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

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string kernel;
  std::string init;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--kernel=")) {
      kernel = argument.substr(9);
    } else if (argument.starts_with("--init=")) {
      init = argument.substr(7);
    }
  }
  if (kernel.empty()) {
    const auto cache = kernel::KernelCache::open();
    if (const auto found = cache ? cache->find({}) : std::unexpected(cache.error()); found) {
      kernel = found->image.string();
    } else {
      std::cerr << "kvm_vmm_boot_test: " << found.error().message << "\n";
      return 2;
    }
  }
  auto image = read_file(kernel, kMaxImageBytes);
  auto program = read_file(init, kMaxImageBytes);
  if (!image || !program) {
    std::cerr << "kvm_vmm_boot_test: " << (image ? program.error().message : image.error().message)
              << "\n";
    return 2;
  }
  kernel_image() = *std::move(image);
  init_program() = *std::move(program);
  return RUN_ALL_TESTS();
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  return schedrig::kvm::run(argc, argv);
}
