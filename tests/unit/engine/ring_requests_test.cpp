// SPDX-License-Identifier: MIT
// What programs in the machine submit to its ring, while the engine waits.
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/kernel_wire.hpp>
#include <schedrig/ring_producer.hpp>

#include "host/engine/session.hpp"
#include "tests/unit/engine/kernel_machine.hpp"
#include "tests/unit/engine/test_ring.hpp"

namespace schedrig::engine {
namespace {

constexpr std::uint64_t kRam = KernelMachine::kRam;
constexpr std::uint64_t kWord = KernelMachine::kLinear + kRam + 0x20; // kernel address of a word

// Kernel addresses are physical ones and a distance; names are the machine's.
class LinearTargets final : public TargetResolver {
 public:
  explicit LinearTargets(KernelMachine& machine) : machine_(machine) {}

  Result<std::vector<MemoryRange>> resolve(const KernelTarget& target, std::uint32_t bytes,
                                           KernelState state) override {
    const auto* kva = std::get_if<KvaTarget>(&target);
    if (kva == nullptr) {
      return machine_.resolve(target, bytes, state);
    }
    return std::vector<MemoryRange>{{kva->address - KernelMachine::kLinear, bytes}};
  }

 private:
  KernelMachine& machine_;
};

class RingRequests : public testing::Test {
 protected:
  RingRequests() {
    machine_.machine.facets.emplace(RingFacet::kInterfaceId, static_cast<RingFacet*>(&ring_));
    machine_.symbols = {{"jiffies_64", kRam + 0x10}};
    machine_.put_u64(kRam + 0x10, 4'294'937'296);
    session_.emplace(machine_.machine, machine_.machine.files_facet(),
                     machine_.machine.tasks_facet(), view_, events_, cancellation_);
    session_->set_freeze_windows(windows_);
    session_->set_targets(targets_);
  }

  void put(RingOpcode opcode, std::vector<std::uint64_t> args, std::uint16_t flags = 0) {
    RingSubmission entry{};
    entry.opcode = static_cast<std::uint16_t>(opcode);
    entry.flags = flags | kRingNeedCompletion;
    std::ranges::copy(args, entry.args);
    entry.user_data = ++submitted_;
    ASSERT_EQ(program_.put(entry), RingPut::kDone);
  }
  void ring_once() {
    program_.publish();
    ++ring_.rung;
  }
  // One doorbell, one wait: the results in order, which must be all.
  std::vector<RingResult> answered() {
    ring_once();
    EXPECT_TRUE(session_->wait_for(1000));
    std::vector<RingResult> results;
    while (const auto done = program_.take()) {
      results.push_back({.value = done->result, .failed = (done->flags & kRingFailed) != 0});
    }
    return results;
  }
  RingResult answered(RingOpcode opcode, std::vector<std::uint64_t> args) {
    put(opcode, std::move(args));
    const auto results = answered();
    EXPECT_EQ(results.size(), 1U);
    return results.empty() ? RingResult::error(EIO) : results.front();
  }
  void expect_error(RingOpcode opcode, const std::vector<std::uint64_t>& args, int os_errno) {
    const RingResult result = answered(opcode, args);
    EXPECT_TRUE(result.failed) << static_cast<int>(opcode);
    EXPECT_EQ(result.value, -os_errno) << static_cast<int>(opcode);
  }
  // At the start of the data area; its length.
  std::uint64_t put_read_of(const std::string& name) {
    std::vector<std::uint8_t> bytes;
    EXPECT_TRUE(
        encode(KernelRequest{.id = 7,
                             .mode = KernelAccessMode::kHot,
                             .access = KernelAccess::kRead,
                             .tag = {},
                             .entries = {{.target = SymbolTarget{name}, .value = U64Value{}}}},
               bytes)
            .ok());
    std::ranges::copy(bytes, ring_.memory().data.begin());
    return bytes.size();
  }

  class : public RunObserver {
  } observer_;
  const EventCollector events_{observer_};
  const Cancellation cancellation_;
  const Topology topology_ = Topology::uniform(1, 1, 1, 1);
  const TopologyView view_ = topology_.view();
  KernelMachine machine_;
  LinearTargets targets_{machine_};
  TestRing ring_;
  RingProducer<RingMemory> program_{RingMemory(ring_.memory().ring, ring_.memory().registers)};
  std::vector<FreezeWindowRecord> windows_;
  std::optional<Session> session_;
  std::uint64_t submitted_ = 0;
};

TEST_F(RingRequests, words_are_written_read_and_ored_by_one_doorbell) {
  put(RingOpcode::kWriteU64, {kWord, 0, 0x8000'0000'0000'0001});
  put(RingOpcode::kReadU64, {kWord, 0});
  put(RingOpcode::kWriteU32, {kWord, 0, 5});
  put(RingOpcode::kOrU32, {kWord, 0, 2});
  put(RingOpcode::kReadU32, {kWord, 0});
  put(RingOpcode::kNoop, {});
  const auto results = answered();
  ASSERT_EQ(results.size(), 6U);
  for (const RingResult& result : results) {
    EXPECT_FALSE(result.failed) << result.value;
  }
  EXPECT_EQ(static_cast<std::uint64_t>(results[1].value), 0x8000'0000'0000'0001U);
  EXPECT_EQ(results[4].value, 7);
  EXPECT_EQ(machine_.u32(kRam + 0x20), 7U);
  const RingRecord record = session_->ring()->record();
  EXPECT_EQ(record.doorbells, 1U);
  EXPECT_EQ(record.submitted, 6U);
  EXPECT_EQ(record.completed, 6U);
  EXPECT_EQ(record.failed, 0U);
  EXPECT_EQ(record.largest_batch, 6U);
  EXPECT_EQ(record.fault, "");
}

TEST_F(RingRequests, a_cold_word_has_a_window_of_its_own) {
  EXPECT_FALSE(answered(RingOpcode::kWriteU32, {kWord, 1, 9}).failed);
  EXPECT_EQ(machine_.u32(kRam + 0x20), 9U);
  ASSERT_EQ(windows_.size(), 1U);
  EXPECT_EQ(windows_[0].step, "a program's request");
}

TEST_F(RingRequests, a_kernel_op_finds_its_request_and_leaves_its_reply_in_the_data_area) {
  const std::uint64_t bytes = put_read_of("jiffies_64");
  const RingResult result = answered(RingOpcode::kKernelOp, {0, bytes, 1024, 64});
  ASSERT_FALSE(result.failed) << result.value;
  KernelReply reply;
  ASSERT_TRUE(
      decode(std::span(ring_.memory().data).subspan(1024, static_cast<std::size_t>(result.value)),
             &reply)
          .ok());
  EXPECT_EQ(reply.id, 7U);
  ASSERT_EQ(reply.values.size(), 1U);
  EXPECT_EQ(std::get<U64Value>(reply.values[0]).value, 4'294'937'296U);
}

TEST_F(RingRequests, a_kernel_op_out_of_the_data_area_is_refused) {
  const std::uint64_t bytes = put_read_of("jiffies_64");
  constexpr std::uint64_t kEnd = SCHEDRIG_RING_DATA_BYTES;
  expect_error(RingOpcode::kKernelOp, {kEnd, bytes, 1024, 64}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, kEnd + 1, 1024, 64}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {UINT64_MAX, 2, 1024, 64}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, bytes, kEnd - 8, 64}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, bytes, 1024, 0}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, 0, 1024, 64}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, bytes, 1024, 31}, EMSGSIZE);
  expect_error(RingOpcode::kKernelOp, {0, bytes - 1, 1024, 64}, EBADMSG);
  EXPECT_EQ(ring_.memory().data[1024], 0) << "nothing was written";
}

TEST_F(RingRequests, what_makes_no_sense_gets_an_errno_and_the_ring_goes_on) {
  expect_error(static_cast<RingOpcode>(0x7777), {}, ENOSYS);
  expect_error(RingOpcode::kSchedCommand, {0, 0}, EOPNOTSUPP);
  expect_error(RingOpcode::kSnapshot, {1}, EOPNOTSUPP);
  expect_error(RingOpcode::kNoop, {1}, EINVAL);
  expect_error(RingOpcode::kReadU32, {kWord, 2}, EINVAL);
  expect_error(RingOpcode::kReadU32, {kWord, 0, 1}, EINVAL);
  expect_error(RingOpcode::kWriteU32, {kWord, 0, 1ULL << 32U}, EINVAL);
  expect_error(RingOpcode::kOrU32, {kWord, 0, 1ULL << 32U}, EINVAL);
  expect_error(RingOpcode::kReadU64, {KernelMachine::kLinear, 0}, EINVAL);
  expect_error(RingOpcode::kKernelOp, {0, put_read_of("no_such_symbol"), 1024, 64}, ENOENT);
  EXPECT_FALSE(answered(RingOpcode::kNoop, {}).failed);
  EXPECT_EQ(session_->ring()->record().failed, 10U);
  EXPECT_FALSE(session_->lost());
}

TEST_F(RingRequests, a_snapshot_has_its_number_as_its_tag) {
  std::string tag;
  session_->set_snapshots([&](const std::string& name) -> Result<> {
    tag = name;
    return {};
  });
  EXPECT_FALSE(answered(RingOpcode::kSnapshot, {42}).failed);
  EXPECT_EQ(tag, "42");
}

TEST_F(RingRequests, nothing_is_carried_out_without_a_doorbell) {
  put(RingOpcode::kNoop, {});
  program_.publish();
  ASSERT_TRUE(session_->wait_for(1000));
  EXPECT_FALSE(program_.take().has_value());
  ring_.rung = 1;
  ASSERT_TRUE(session_->wait_for(1000));
  EXPECT_TRUE(program_.take().has_value());
}

TEST_F(RingRequests, a_full_completion_ring_goes_on_without_a_doorbell_once_there_is_room) {
  for (int i = 0; i < 64; ++i) {
    put(RingOpcode::kNoop, {});
  }
  ring_once();
  ASSERT_TRUE(session_->wait_for(1000));
  put(RingOpcode::kNoop, {});
  ring_once();
  ASSERT_TRUE(session_->wait_for(1000));
  EXPECT_EQ(session_->ring()->record().completed, 64U);
  EXPECT_EQ(session_->ring()->record().uncollected, 64U);
  EXPECT_GE(session_->ring()->record().stalls, 1U);
  ASSERT_TRUE(program_.take().has_value());
  ASSERT_TRUE(session_->wait_for(1000)) << "nobody rings";
  EXPECT_EQ(session_->ring()->record().completed, 65U);
  EXPECT_EQ(session_->ring()->record().doorbells, 2U);
}

TEST_F(RingRequests, a_program_that_breaks_the_rules_ends_its_ring_and_not_the_run) {
  ring_.memory().ring.submit_head = 65;
  ++ring_.rung;
  ASSERT_TRUE(session_->wait_for(1000));
  EXPECT_EQ(session_->ring()->record().fault, "more than 64 entries were pending");
  EXPECT_EQ(ring_.memory().registers.state, SCHEDRIG_RING_DEAD);
  EXPECT_FALSE(session_->lost());
}

// What SIGKILL leaves behind: completions that nobody took, and half of an entry.
TEST_F(RingRequests, the_next_program_has_the_ring_of_one_that_was_killed) {
  for (int i = 0; i < 40; ++i) {
    put(RingOpcode::kNoop, {});
  }
  ring_once();
  ASSERT_TRUE(session_->wait_for(1000));
  std::memset(&ring_.memory().ring.submissions[40], 0xff, 32);
  EXPECT_EQ(session_->ring()->record().uncollected, 40U);
  schedrig_ring_producer next{};
  ASSERT_EQ(schedrig_ring_attach(&next, &ring_.memory()), 0);
  EXPECT_EQ(session_->ring()->record().uncollected, 0U);
  RingSubmission entry{};
  entry.flags = kRingNeedCompletion;
  ASSERT_EQ(schedrig_ring_put(&next, &entry), 0);
  schedrig_ring_submit(&next);
  ++ring_.rung;
  ASSERT_TRUE(session_->wait_for(1000));
  RingCompletion done{};
  EXPECT_EQ(schedrig_ring_take(&next, &done), 0);
  EXPECT_EQ(session_->ring()->record().submitted, 41U);
  EXPECT_EQ(session_->ring()->record().fault, "");
}

TEST_F(RingRequests, a_machine_without_a_ring_is_not_asked) {
  ScriptedMachine plain;
  Session session(plain, plain.files_facet(), plain.tasks_facet(), view_, events_, cancellation_);
  EXPECT_EQ(session.ring(), nullptr);
}

} // namespace
} // namespace schedrig::engine
