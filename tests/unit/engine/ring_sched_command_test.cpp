// SPDX-License-Identifier: MIT
// Scheduling commands that a program in the machine submits to its ring.
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/ring_producer.hpp>

#include "host/engine/sched_commands.hpp"
#include "host/engine/session.hpp"
#include "tests/unit/engine/fake_vcpu_control.hpp"
#include "tests/unit/engine/scripted_machine.hpp"
#include "tests/unit/engine/test_ring.hpp"

namespace schedrig::engine {
namespace {

using Calls = std::vector<std::string>;
using enum SchedCommandNumber;

class RingSchedCommand : public testing::Test {
 protected:
  RingSchedCommand() {
    machine_.facets.emplace(RingFacet::kInterfaceId, static_cast<RingFacet*>(&ring_));
    machine_.facets.emplace(VcpuControlFacet::kInterfaceId,
                            static_cast<VcpuControlFacet*>(&control_));
    session_.emplace(machine_, machine_.files_facet(), machine_.tasks_facet(), view_, events_,
                     cancellation_);
  }

  void put(std::uint64_t user_data, SchedCommandNumber command, std::uint64_t vcpu,
           const std::vector<std::uint64_t>& words = {}, std::uint16_t flags = 0) {
    RingSubmission entry{};
    entry.opcode = static_cast<std::uint16_t>(RingOpcode::kSchedCommand);
    entry.flags = flags | kRingNeedCompletion;
    entry.args[0] = static_cast<std::uint64_t>(command);
    entry.args[1] = vcpu;
    std::ranges::copy(words, entry.args + 2);
    entry.user_data = user_data;
    ASSERT_EQ(program_.put(entry), RingPut::kDone);
  }
  void ring_and_wait() {
    program_.publish();
    ++ring_.rung;
    wait_for(1000);
  }
  void wait_for(std::int64_t ns) { EXPECT_TRUE(session_->wait_for(ns)); }
  // "user data: result" of each completion.
  std::vector<std::string> completions() {
    std::vector<std::string> all;
    while (const auto done = program_.take()) {
      all.push_back(std::to_string(done->user_data) + ": " + std::to_string(done->result));
    }
    return all;
  }
  void expect_result(std::int64_t result, SchedCommandNumber command, std::uint64_t vcpu,
                     const std::vector<std::uint64_t>& words = {}) {
    put(1, command, vcpu, words);
    ring_and_wait();
    EXPECT_EQ(completions(), std::vector<std::string>{"1: " + std::to_string(result)})
        << to_string(command);
  }
  Result<bool> raise(std::uint32_t vcpu, std::uint32_t port) {
    return session_->commands()->raise(vcpu, port, session_->now_ns());
  }

  class : public RunObserver {
  } observer_;
  const EventCollector events_{observer_};
  const Cancellation cancellation_;
  const Topology topology_ = Topology::uniform(1, 1, 2, 1);
  const TopologyView view_ = topology_.view();
  ScriptedMachine machine_;
  TestRing ring_;
  FakeVcpuControl control_;
  RingProducer<RingMemory> program_{RingMemory(ring_.memory().ring, ring_.memory().registers)};
  std::optional<Session> session_;
};

TEST_F(RingSchedCommand, what_the_machine_itself_may_do_is_done) {
  expect_result(0, kYield, 1);
  EXPECT_EQ(control_.done(), Calls{"yield 1"});
  expect_result(1, kWatchdog, 0, {0, 60});
  expect_result(0, kWatchdog, 0, {1, 0});
  expect_result(-EINVAL, kWatchdog, 0, {1, 60});
  expect_result(0, kShutdownCode, 0, {3});
  EXPECT_TRUE(session_->commands()->records().front().by_program);
}

TEST_F(RingSchedCommand, what_takes_the_hardware_domain_is_refused) {
  expect_result(-EPERM, kPinOverride, 0, {0});
  expect_result(-EPERM, kPinOverride, 0, {static_cast<std::uint64_t>(-1)});
  expect_result(-EPERM, kRemoteShutdown, 0, {0, 0});
  expect_result(-ESRCH, kRemoteShutdown, 0, {1, 0});
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(RingSchedCommand, what_makes_no_sense_is_refused) {
  expect_result(-ENOSYS, static_cast<SchedCommandNumber>(8), 0);
  expect_result(-EINVAL, kYield, 2);
  expect_result(-EINVAL, kYield, 0, {1});
  expect_result(-EINVAL, kShutdownCode, 0, {1ULL << 32U});
  expect_result(-EINVAL, kRemoteShutdown, 0, {1ULL << 16U, 0});
  expect_result(-EINVAL, kPinOverride, 0, {1ULL << 31U});
  EXPECT_EQ(control_.done(), Calls{});
}

TEST_F(RingSchedCommand, a_block_completes_when_its_event_comes_and_others_go_on_before) {
  put(1, kBlock, 1);
  put(2, kYield, 0);
  ring_and_wait();
  EXPECT_EQ(completions(), std::vector<std::string>{"2: 0"});
  EXPECT_EQ(control_.done(), (Calls{"stop 1", "yield 0"}));
  expect_result(-EBUSY, kBlock, 1);
  ASSERT_TRUE(raise(1, 9));
  wait_for(1000);
  EXPECT_EQ(completions(), std::vector<std::string>{"1: 0"});
  EXPECT_EQ(control_.done(), Calls{"resume 1"});
}

TEST_F(RingSchedCommand, a_poll_has_its_ports_in_the_data_area_and_ends_by_time) {
  const std::vector<std::uint32_t> ports = {5, 6};
  std::memcpy(ring_.memory().data.data() + 256, ports.data(), 8);
  const std::int64_t until = session_->now_ns() + 1'000'000;
  put(1, kPoll, 0, {256, 2, static_cast<std::uint64_t>(until)});
  ring_and_wait();
  EXPECT_EQ(completions(), std::vector<std::string>{});
  wait_for(2'000'000);
  EXPECT_EQ(completions(), std::vector<std::string>{"1: 0"});
  put(2, kPoll, 0, {256, 2, 0});
  ring_and_wait();
  ASSERT_TRUE(raise(1, 6)) << "of another vCPU";
  wait_for(1000);
  EXPECT_EQ(completions(), std::vector<std::string>{"2: 0"});
}

TEST_F(RingSchedCommand, ports_out_of_the_data_area_are_a_bad_pointer) {
  expect_result(-EFAULT, kPoll, 0, {SCHEDRIG_RING_DATA_BYTES - 4, 2, 1});
  expect_result(-EFAULT, kPoll, 0, {1ULL << 63U, 2, 1});
  expect_result(-EFAULT, kPoll, 0, {UINT64_MAX, 1, 1});
  expect_result(-EINVAL, kPoll, 0, {0, 129, 1});
}

TEST_F(RingSchedCommand, a_barrier_waits_for_those_that_wait) {
  put(1, kBlock, 1);
  put(2, kYield, 0, {}, kRingBarrier);
  ring_and_wait();
  EXPECT_EQ(completions(), std::vector<std::string>{});
  EXPECT_EQ(control_.done(), Calls{"stop 1"});
  ASSERT_TRUE(raise(1, 9));
  wait_for(1000);
  EXPECT_EQ(completions(), (std::vector<std::string>{"1: 0", "2: 0"}));
}

TEST_F(RingSchedCommand, a_program_can_shut_its_machine_down) {
  put(1, kShutdown, 0, {3});
  program_.publish();
  ++ring_.rung;
  const auto waited = session_->wait_for(1000);
  ASSERT_FALSE(waited);
  EXPECT_NE(waited.error().message.find("crash (3)"), std::string::npos) << waited.error().message;
  EXPECT_EQ(control_.done(), (Calls{"stop 0", "stop 1"}));
}

TEST_F(RingSchedCommand, nothing_is_stopped_while_a_step_is_taken_apart) {
  put(1, kBlock, 1);
  ring_and_wait();
  ASSERT_TRUE(session_->pause_commands());
  wait_for(1000);
  EXPECT_EQ(completions(), std::vector<std::string>{"1: 0"});
  (void)control_.done();
  expect_result(-EBUSY, kBlock, 1);
  session_->go_on_with_commands();
  put(2, kBlock, 1);
  ring_and_wait();
  EXPECT_EQ(control_.done(), Calls{"stop 1"});
}

} // namespace
} // namespace schedrig::engine
