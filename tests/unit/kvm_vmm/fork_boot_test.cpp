// SPDX-License-Identifier: MIT
// kvm_vmm_fork_test: stock kernels saved and started from where they stood: no timer is lost, no
// kernel complains, time does not jump. Needs a KVM that runs kernels.
//
// kvm_vmm_fork_test [--kernel=BZIMAGE] --init=PROGRAM [--forks=N] [gtest options]
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "boot_files.hpp"
#include "guest_fixture.hpp"
#include "state_difference.hpp"
#include "vmm/guest_memory.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kBootTimeout = 120s;
constexpr auto kAnswerTimeout = 30s;
constexpr std::uint32_t kCpus = 4;
// What a wake-up takes in an emulated host beyond the time that its CPU is known not to have run:
// some exits of a millisecond each, a neighbour's turn of a tick, and the time that QEMU itself has
// to wait for, of which the emulated host knows nothing. A lost timer is late by seconds.
constexpr std::int64_t kWakeUpNs = 250'000'000;

// Between the time that the parent told and the moment in which it stood still.
constexpr auto kSaveTime = 2s;

int forks_wanted = 20;

using Saved = std::shared_ptr<const SavedMachine>;

// A guest and what it says.
class Guest {
 public:
  void boot(std::uint32_t cpus) {
    initramfs_ = test::initramfs_of(test::boot_files().init.bytes());
    const Topology topology = Topology::uniform(1, 1, cpus, 1);
    VmConfig config;
    config.kernel_image = test::boot_files().kernel.bytes();
    config.initramfs = initramfs_;
    config.memory_bytes = 256ULL << 20;
    config.topology = topology.view();
    take(Vm::create(config, sink_));
    start();
    EXPECT_EQ(sink_.next_line(kBootTimeout).value_or("nothing"), "ready") << sink_.console();
  }
  void create_from(const Saved& saved, const std::vector<PageRun>& first_writes = {}) {
    take(Vm::create_from(saved, sink_, first_writes));
  }
  void start(std::optional<std::uint64_t> seed = {}) {
    started_at_ = steady_clock::now();
    const auto started = vm_->start(seed);
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  std::string ask(const std::string& command, std::chrono::milliseconds timeout = kAnswerTimeout) {
    const std::string line = command + "\n";
    const auto sent = vm_->send(std::as_bytes(std::span(line)), timeout);
    EXPECT_TRUE(sent.has_value()) << sent.error().message;
    const auto answer = sink_.next_line(timeout);
    const auto end = sink_.wait_end(0ms);
    return answer.value_or(end ? "ended: " + end->detail + "\n" + sink_.console()
                               : "no answer\n" + sink_.console());
  }
  Saved save() {
    const auto frozen = vm_->freeze(10s);
    EXPECT_TRUE(frozen.has_value()) << frozen.error().message;
    auto saved = vm_->save();
    EXPECT_TRUE(saved.has_value()) << saved.error().message;
    EXPECT_TRUE(vm_->thaw().has_value());
    return saved.value_or(nullptr);
  }
  [[nodiscard]] Vm& vm() { return *vm_; }
  [[nodiscard]] steady_clock::time_point started_at() const { return started_at_; }
  [[nodiscard]] test::RecordingSink& sink() { return sink_; }

 private:
  void take(Result<std::unique_ptr<Vm>> vm) {
    ASSERT_TRUE(vm.has_value()) << vm.error().message;
    vm_ = *std::move(vm);
  }

  test::RecordingSink sink_;
  std::vector<std::byte> initramfs_;
  std::unique_ptr<Vm> vm_;
  steady_clock::time_point started_at_;
};

// For how long each vCPU's thread of this process has waited for a CPU, by the scheduler's account.
std::vector<std::int64_t> steal_ns() {
  std::vector<std::int64_t> sums(kCpus);
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const std::string name = test::read_text(task.path() / "comm");
    std::uint32_t cpu = 0;
    if (name.starts_with("vcpu") &&
        std::from_chars(name.data() + 4, name.data() + name.size(), cpu).ec == std::errc{} &&
        cpu < kCpus) {
      std::int64_t ran = 0;
      std::int64_t waited = 0;
      std::istringstream(test::read_text(task.path() / "schedstat")) >> ran >> waited;
      sums[cpu] += waited;
    }
  }
  return sums;
}

class ForkBoot : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Guest parent;
    parent.boot(kCpus);
    EXPECT_EQ(parent.ask("complaints"), "none");
    std::istringstream(parent.ask("round")) >> saved_at_ns_;
    saved_ = parent.save();
    EXPECT_EQ(parent.ask("echo hello"), "hello");
    const auto pages = parent.vm().changed_pages();
    EXPECT_TRUE(pages.has_value());
    first_writes_ = pages.value_or(first_writes_);
  }
  static void TearDownTestSuite() { saved_.reset(); }

  // One round in a guest that has just been started.
  void expect_good_round(Guest& guest, const std::string& which) {
    const std::vector<std::int64_t> before = steal_ns();
    const std::string answer = guest.ask("round");
    const std::vector<std::int64_t> after = steal_ns();
    const std::chrono::nanoseconds lived = steady_clock::now() - guest.started_at();
    std::int64_t guest_ns = 0;
    std::string ok;
    std::istringstream words(answer);
    words >> guest_ns >> ok;
    ASSERT_EQ(ok, "ok") << which << ": " << answer;
    // The guest's clock went on from when it was saved, not by the time since.
    EXPECT_GT(guest_ns, saved_at_ns_) << which;
    EXPECT_LE(guest_ns, saved_at_ns_ + (kSaveTime + lived).count()) << which;
    for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) {
      std::int64_t late = -1;
      ASSERT_TRUE(words >> late) << which << ": " << answer;
      ASSERT_GE(late, 0) << which << ": CPU " << cpu << " did not sleep";
      const std::int64_t steal = after[cpu] - before[cpu];
      EXPECT_LE(late, steal + kWakeUpNs) << which << ": CPU " << cpu << ", steal " << steal;
      latest_ns_ = std::max(latest_ns_, late);
      latest_unexplained_ns_ = std::max(latest_unexplained_ns_, late - steal);
    }
  }

  static inline Saved saved_;
  static inline std::vector<PageRun> first_writes_;
  static inline std::int64_t saved_at_ns_ = 0;
  std::int64_t latest_ns_ = 0;
  std::int64_t latest_unexplained_ns_ = 0;
};

TEST_F(ForkBoot, every_one_sleeps_writes_works_and_nobody_complains) {
  std::vector<double> to_answer_ms;
  for (int i = 0; i < forks_wanted; ++i) {
    const std::string which = "fork " + std::to_string(i);
    const auto began = steady_clock::now();
    Guest guest;
    ASSERT_NO_FATAL_FAILURE(guest.create_from(saved_, first_writes_));
    ASSERT_NO_FATAL_FAILURE(guest.start(static_cast<std::uint64_t>(i)));
    ASSERT_EQ(guest.ask("echo hello"), "hello") << which;
    to_answer_ms.push_back(
        std::chrono::duration<double, std::milli>(steady_clock::now() - began).count());
    ASSERT_NO_FATAL_FAILURE(expect_good_round(guest, which));
    ASSERT_EQ(guest.ask("complaints"), "none") << which;
    EXPECT_EQ(guest.sink().notices(), "") << which;
  }
  std::ranges::sort(to_answer_ms);
  std::cout << forks_wanted << " forks: to the first answer p50 "
            << to_answer_ms[to_answer_ms.size() / 2] << " ms, most " << to_answer_ms.back()
            << " ms; latest wake-up " << latest_ns_ / 1000 << " us, beyond steal "
            << latest_unexplained_ns_ / 1000 << " us\n"
            << std::flush;
}

TEST_F(ForkBoot, one_machine_lives_again_and_again) {
  Guest guest;
  ASSERT_NO_FATAL_FAILURE(guest.create_from(saved_));
  for (int life = 0; life < forks_wanted; ++life) {
    const std::string which = "life " + std::to_string(life);
    ASSERT_NO_FATAL_FAILURE(guest.start(static_cast<std::uint64_t>(life)));
    ASSERT_NO_FATAL_FAILURE(expect_good_round(guest, which));
    ASSERT_EQ(guest.ask("complaints"), "none") << which;
    if (life % 5 == 4) { // and one that ends by itself
      const std::string off = "poweroff\n";
      ASSERT_TRUE(guest.vm().send(std::as_bytes(std::span(off)), kAnswerTimeout).has_value());
      EXPECT_EQ(guest.sink().end_within(kAnswerTimeout).kind, VmEndKind::kPowerOff) << which;
    }
    const auto reset = guest.vm().reset(10s);
    ASSERT_TRUE(reset.has_value()) << reset.error().message;
    guest.sink().forget_end();
  }
}

TEST_F(ForkBoot, a_busy_machine_is_saved_as_well_as_a_quiet_one) {
  constexpr int kWorkers = 64;
  Guest parent;
  ASSERT_NO_FATAL_FAILURE(parent.create_from(saved_));
  ASSERT_NO_FATAL_FAILURE(parent.start());
  // The answer comes when all are there; they leave little for their parent.
  ASSERT_EQ(parent.ask("work " + std::to_string(kWorkers), kBootTimeout), "working");
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(100ms);
    const Saved busy = parent.save();
    ASSERT_NE(busy, nullptr);
    for (int i = 0; i < 5; ++i) {
      const std::string which = "save " + std::to_string(round) + ", fork " + std::to_string(i);
      Guest guest;
      ASSERT_NO_FATAL_FAILURE(guest.create_from(busy));
      ASSERT_NO_FATAL_FAILURE(guest.start(static_cast<std::uint64_t>(i)));
      ASSERT_EQ(guest.ask("echo hello", kBootTimeout), "hello") << which;
      const auto latest = steady_clock::now() + kAnswerTimeout;
      while (guest.sink().console().find("count ") == std::string::npos &&
             steady_clock::now() < latest) {
        std::this_thread::sleep_for(10ms);
      }
      EXPECT_NE(guest.sink().console().find("count "), std::string::npos)
          << which << ": its workers do not go on";
      ASSERT_EQ(guest.ask("complaints", kBootTimeout), "none") << which;
    }
  }
  EXPECT_EQ(parent.ask("echo still here", kBootTimeout), "still here");
}

// What docs/reference/kvm_templates.md says of "save, start, save again".
bool may_differ(const std::string& part) {
  const std::string of_vcpu = part.starts_with("vcpu") ? part.substr(part.find('.') + 1) : "";
  const std::string ppr = "lapic 0xa0"; // of TPR and ISR, which are compared
  return part == "clock.ns" || part == "clock.host_tsc" || part == "pit.count_load_time" ||
         of_vcpu == ppr || of_vcpu == "tsc_offset" || of_vcpu == "tsc_deadline" ||
         of_vcpu == "msr 0x175" || of_vcpu == "msr 0x176";
}

TEST_F(ForkBoot, save_start_save_is_the_same_but_for_what_is_documented) {
  Guest guest;
  ASSERT_NO_FATAL_FAILURE(guest.create_from(saved_));
  ASSERT_TRUE(guest.vm().start_frozen().has_value());
  const auto again = guest.vm().save();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  for (const std::string& part : test::differing_parts(saved_->state, (*again)->state)) {
    EXPECT_TRUE(may_differ(part)) << part;
  }
  const auto& before = saved_->state.vm.vcpus;
  const auto& after = (*again)->state.vm.vcpus;
  for (std::size_t i = 1; i < after.size(); ++i) {
    EXPECT_EQ(before[i].tsc_offset - after[i].tsc_offset,
              before[0].tsc_offset - after[0].tsc_offset)
        << "the TSCs have moved by the same";
  }
  ASSERT_TRUE(guest.vm().thaw().has_value());
  EXPECT_EQ(guest.ask("echo hello"), "hello");
  EXPECT_EQ(guest.ask("complaints"), "none");
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (const std::string argument = argv[i]; argument.starts_with("--forks=")) {
      schedrig::kvm::forks_wanted = std::max(1, std::atoi(argument.c_str() + 8));
    }
  }
  return schedrig::kvm::test::open_boot_files(argc, argv) ? RUN_ALL_TESTS() : 2;
}
