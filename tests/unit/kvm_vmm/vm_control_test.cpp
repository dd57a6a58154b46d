// SPDX-License-Identifier: MIT
// One vCPU that is held, yields or is pinned, judged by the guest's counter and by what the host's
// /proc says of its thread. Needs /dev/kvm, however slow.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

#include "tiny_guests.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kForever = steady_clock::time_point::max();

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The folder of the only thread of this process with that name.
std::filesystem::path thread_called(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (text_of(task.path() / "comm") == name + "\n") {
      return task.path();
    }
  }
  ADD_FAILURE() << "no thread is called " << name;
  return {};
}

std::string status_field(const std::filesystem::path& thread, const std::string& name) {
  std::ifstream status(thread / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) {
      return line.substr(name.size() + 2);
    }
  }
  return "";
}

std::uint32_t first_cpu_of_this_process() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof(set), &set), 0);
  std::uint32_t cpu = 0;
  while (!CPU_ISSET(cpu, &set)) {
    ++cpu;
  }
  return cpu;
}

class VcpuControl : public test::TinyGuests {
 protected:
  // It has run, and stands now.
  void hold(Vm& vm, steady_clock::time_point until = kForever) {
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(vm, counter(vm)));
    const auto held = vm.hold(0, until, 60s);
    ASSERT_TRUE(held.has_value()) << held.error().message;
  }
  void expect_goes_on(const Vm& vm) {
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(vm, counter(vm)));
  }
};

TEST_F(VcpuControl, a_vcpu_that_is_held_does_nothing_and_its_thread_sleeps) {
  const auto vm = started(test::kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(hold(*vm));
  const std::uint64_t seen = counter(*vm);
  const auto thread = thread_called("vcpu0");
  // It stands, but may be on its way to sleep.
  const auto deadline = steady_clock::now() + 60s;
  while (!status_field(thread, "State").starts_with("S") && steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(status_field(thread, "State"), "S (sleeping)");
  const std::string switches = status_field(thread, "voluntary_ctxt_switches");
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(counter(*vm), seen);
  EXPECT_EQ(status_field(thread, "voluntary_ctxt_switches"), switches)
      << "block is not a yield: it does not run in between";
  ASSERT_TRUE(vm->release(0).has_value());
  expect_goes_on(*vm);
}

TEST_F(VcpuControl, a_hold_ends_by_itself_at_its_time) {
  const auto vm = started(test::kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(hold(*vm, steady_clock::now() + 20ms));
  expect_goes_on(*vm);
  EXPECT_TRUE(vm->release(0).has_value()) << "nothing to do";
}

TEST_F(VcpuControl, a_held_vcpu_does_not_hold_up_a_freeze_or_a_save) {
  const auto vm = started(test::kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(hold(*vm));
  const std::uint64_t seen = counter(*vm);
  ASSERT_TRUE(vm->freeze(60s).has_value());
  EXPECT_TRUE(vm->registers(0).has_value());
  EXPECT_TRUE(vm->save().has_value());
  ASSERT_TRUE(vm->thaw().has_value());
  EXPECT_EQ(counter(*vm), seen) << "it is held still";
  ASSERT_TRUE(vm->release(0).has_value());
  expect_goes_on(*vm);
}

TEST_F(VcpuControl, a_machine_with_a_held_vcpu_stops) {
  const auto vm = started(test::kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(hold(*vm));
  EXPECT_TRUE(vm->stop(60s).has_value());
}

TEST_F(VcpuControl, a_machine_with_a_held_vcpu_can_be_destroyed) {
  const auto vm = started(test::kCounts, sink_);
  ASSERT_NO_FATAL_FAILURE(hold(*vm));
}

TEST_F(VcpuControl, holds_and_pins_end_with_a_life) {
  const auto saved = [&] {
    const auto vm = started(test::kCounts, sink_);
    EXPECT_TRUE(vm->freeze(60s).has_value());
    return *vm->save();
  }();
  auto vm = Vm::create_from(saved, sink_);
  ASSERT_TRUE(vm.has_value()) << vm.error().message;
  ASSERT_TRUE((*vm)->start().has_value());
  ASSERT_NO_FATAL_FAILURE(hold(**vm));
  const auto thread = thread_called("vcpu0");
  const std::string before = status_field(thread, "Cpus_allowed_list");
  ASSERT_TRUE((*vm)->pin(0, first_cpu_of_this_process()).has_value());
  const auto reverted = (*vm)->reset(60s);
  ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
  ASSERT_TRUE((*vm)->start().has_value());
  EXPECT_EQ(status_field(thread, "Cpus_allowed_list"), before);
  expect_goes_on(**vm);
}

TEST_F(VcpuControl, a_vcpu_that_yields_goes_on_by_itself) {
  const auto vm = started(test::kCounts, sink_);
  for (int i = 0; i < 20; ++i) {
    ASSERT_NO_FATAL_FAILURE(wait_for_counter_above(*vm, counter(*vm)));
    const auto yielded = vm->yield(0, 60s);
    ASSERT_TRUE(yielded.has_value()) << yielded.error().message;
  }
  expect_goes_on(*vm);
}

TEST_F(VcpuControl, a_pinned_vcpu_is_on_its_cpu_alone_until_it_is_undone) {
  const auto vm = started(test::kCounts, sink_);
  const auto thread = thread_called("vcpu1");
  const std::string before = status_field(thread, "Cpus_allowed_list");
  const std::uint32_t cpu = first_cpu_of_this_process();
  ASSERT_TRUE(vm->pin(1, cpu).has_value());
  ASSERT_TRUE(vm->pin(1, cpu).has_value());
  EXPECT_EQ(status_field(thread, "Cpus_allowed_list"), std::to_string(cpu));
  ASSERT_TRUE(vm->unpin(1).has_value());
  EXPECT_EQ(status_field(thread, "Cpus_allowed_list"), before);
  EXPECT_TRUE(vm->unpin(1).has_value()) << "nothing to do";
}

TEST_F(VcpuControl, what_there_is_not_is_refused) {
  const auto vm = started(test::kCounts, sink_);
  EXPECT_EQ(vm->hold(2, kForever, 60s).error().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(vm->pin(0, CPU_SETSIZE).error().code, StatusCode::kInvalidArgument);
  const auto pinned = vm->pin(0, CPU_SETSIZE - 1);
  ASSERT_FALSE(pinned.has_value());
  EXPECT_EQ(pinned.error().code, StatusCode::kOs) << "a host of 1024 CPUs has it";
  ASSERT_TRUE(vm->stop(60s).has_value());
}

} // namespace
} // namespace schedrig::kvm
