// SPDX-License-Identifier: MIT
// What programs in the machine ask for and are told, while the engine waits.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <schedrig/guest_requests.hpp>
#include <schedrig/kernel_wire.hpp>

#include "host/engine/session.hpp"
#include "tests/unit/engine/kernel_machine.hpp"

namespace schedrig::engine {
namespace {

using ::testing::HasSubstr;
constexpr std::uint64_t kRam = KernelMachine::kRam;

// Programs whose requests were written down beforehand.
class Programs final : public GuestRequestsFacet {
 public:
  struct Asked {
    std::uint32_t kind = 0;
    std::string body;
  };
  struct Told {
    StatusCode code = StatusCode::kOk;
    std::string body;
  };

  std::deque<Asked> asked;
  std::vector<Told> told;
  bool gone = false; // nobody waits for replies
  StatusCode reply_fails = StatusCode::kOk;
  bool asks_for_ever = false;

  Status next(GuestRequest* out) noexcept override {
    if (asked.empty()) {
      return Status::make(StatusCode::kNotFound, "none");
    }
    now_ = asked.front();
    if (!asks_for_ever) {
      asked.pop_front();
    }
    out->number = ++number_;
    out->kind = now_.kind;
    out->body = now_.body;
    return {};
  }
  Status reply(std::uint32_t number, const GuestReply& reply) noexcept override {
    EXPECT_EQ(number, number_);
    told.push_back({.code = reply.code, .body = std::string(reply.body)});
    if (reply_fails != StatusCode::kOk) {
      return Status::make(reply_fails, "no answer");
    }
    return gone ? Status::make(StatusCode::kNotFound, "gone") : Status();
  }

 private:
  Asked now_;
  std::uint32_t number_ = 0;
};

std::string encoded(const KernelRequest& request) {
  std::vector<std::uint8_t> bytes;
  EXPECT_TRUE(encode(request, bytes).ok());
  return {bytes.begin(), bytes.end()};
}

std::string read_of(const std::string& name, KernelAccessMode mode = KernelAccessMode::kHot) {
  return encoded({.id = 7,
                  .mode = mode,
                  .access = KernelAccess::kRead,
                  .tag = "t",
                  .entries = {{.target = SymbolTarget{name}, .value = U64Value{}}}});
}

class GuestRequests : public testing::Test {
 protected:
  GuestRequests() {
    machine_.machine.facets.emplace(GuestRequestsFacet::kInterfaceId,
                                    static_cast<GuestRequestsFacet*>(&programs_));
    machine_.symbols = {{"jiffies_64", kRam + 0x10}};
    machine_.put_u64(kRam + 0x10, 4'294'937'296);
  }

  // One wait, in which every program that asks is answered.
  Result<> wait(bool with_kernel = true) {
    class : public RunObserver {
    } observer;
    const EventCollector events(observer);
    const Cancellation cancellation;
    const Topology topology = Topology::uniform(1, 1, 1, 1);
    const TopologyView view = topology.view();
    Session session(machine_.machine, machine_.machine.files_facet(),
                    machine_.machine.tasks_facet(), view, events, cancellation);
    session.set_freeze_windows(windows_);
    if (with_kernel) {
      session.set_targets(machine_);
    }
    auto waited = session.wait_for(1000);
    lost_ = session.lost();
    counts_ = session.guest_request_counts();
    return waited;
  }
  void ask(GuestRequestKind kind, const std::string& body) {
    programs_.asked.push_back({.kind = static_cast<std::uint32_t>(kind), .body = body});
  }

  KernelMachine machine_;
  Programs programs_;
  std::vector<FreezeWindowRecord> windows_;
  bool lost_ = false;
  GuestRequestCounts counts_;
};

TEST_F(GuestRequests, a_hot_kernel_op_is_carried_out_and_its_values_come_back) {
  ask(GuestRequestKind::kKernelOp, read_of("jiffies_64"));
  ASSERT_TRUE(wait());
  ASSERT_EQ(programs_.told.size(), 1U);
  const std::string& body = programs_.told[0].body;
  ASSERT_EQ(programs_.told[0].code, StatusCode::kOk) << body;
  KernelReply reply;
  ASSERT_TRUE(
      decode({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()}, &reply).ok());
  EXPECT_EQ(reply.id, 7U);
  ASSERT_EQ(reply.values.size(), 1U);
  EXPECT_EQ(std::get<U64Value>(reply.values[0]).value, 4'294'937'296U);
  EXPECT_EQ(counts_.answered, 1U);
  EXPECT_EQ(counts_.refused, 0U);
}

TEST_F(GuestRequests, a_cold_kernel_op_has_a_window_of_its_own_in_the_report) {
  windows_.push_back({.id = 1, .step = "s1"});
  ask(GuestRequestKind::kKernelOp, read_of("jiffies_64", KernelAccessMode::kCold));
  ASSERT_TRUE(wait());
  ASSERT_EQ(programs_.told.size(), 1U);
  EXPECT_EQ(programs_.told[0].code, StatusCode::kOk) << programs_.told[0].body;
  EXPECT_EQ(machine_.log,
            (std::vector<std::string>{"freeze", "resolve jiffies_64", "read 10010+8", "thaw"}));
  ASSERT_EQ(windows_.size(), 2U);
  EXPECT_EQ(windows_[1].id, 2U);
  EXPECT_EQ(windows_[1].step, "a program's request");
  EXPECT_EQ(windows_[1].frozen_ns, 7000);
}

TEST_F(GuestRequests, a_cold_kernel_op_without_a_window_is_refused_and_the_run_goes_on) {
  machine_.freeze_fails = StatusCode::kTimeout;
  ask(GuestRequestKind::kKernelOp, read_of("jiffies_64", KernelAccessMode::kCold));
  ASSERT_TRUE(wait());
  ASSERT_EQ(programs_.told.size(), 1U);
  EXPECT_EQ(programs_.told[0].code, StatusCode::kTimeout);
  EXPECT_TRUE(windows_.empty());
  EXPECT_FALSE(lost_);
}

TEST_F(GuestRequests, what_the_machine_lacks_is_refused_with_its_name) {
  machine_.machine.facets.erase(std::string(MemoryFacet::kInterfaceId));
  ask(GuestRequestKind::kKernelOp, read_of("jiffies_64"));
  ask(GuestRequestKind::kSnapshot, "tag");
  ASSERT_TRUE(wait());
  ASSERT_EQ(programs_.told.size(), 2U);
  EXPECT_EQ(programs_.told[0].code, StatusCode::kUnsupported);
  EXPECT_THAT(programs_.told[0].body, HasSubstr("does not give access to its memory"));
  EXPECT_EQ(programs_.told[1].code, StatusCode::kUnsupported);
  EXPECT_THAT(programs_.told[1].body, HasSubstr("snapshot"));
}

TEST_F(GuestRequests, a_kernel_op_on_an_unknown_kernel_is_refused) {
  ask(GuestRequestKind::kKernelOp, read_of("jiffies_64"));
  ASSERT_TRUE(wait(false));
  ASSERT_EQ(programs_.told.size(), 1U);
  EXPECT_EQ(programs_.told[0].code, StatusCode::kUnsupported);
}

TEST_F(GuestRequests, wrong_requests_are_typed_errors_and_the_run_goes_on) {
  ask(GuestRequestKind::kKernelOp, "no kernel request");
  ask(GuestRequestKind::kKernelOp, read_of("no_such_symbol"));
  ask(static_cast<GuestRequestKind>(77), "");
  ASSERT_TRUE(wait());
  ASSERT_EQ(programs_.told.size(), 3U);
  EXPECT_EQ(programs_.told[0].code, StatusCode::kBadData);
  EXPECT_EQ(programs_.told[1].code, StatusCode::kNotFound);
  EXPECT_EQ(programs_.told[2].code, StatusCode::kInvalidArgument);
  EXPECT_THAT(programs_.told[2].body, HasSubstr("77"));
  EXPECT_EQ(counts_.answered, 0U);
  EXPECT_EQ(counts_.refused, 3U);
  EXPECT_FALSE(lost_);
}

TEST_F(GuestRequests, a_program_that_waits_no_more_is_no_error) {
  programs_.gone = true;
  ask(GuestRequestKind::kSnapshot, "");
  EXPECT_TRUE(wait());
}

TEST_F(GuestRequests, a_machine_that_does_not_take_a_reply_is_lost) {
  programs_.reply_fails = StatusCode::kTimeout;
  ask(GuestRequestKind::kSnapshot, "");
  EXPECT_FALSE(wait());
  EXPECT_TRUE(lost_);
}

TEST_F(GuestRequests, programs_that_ask_without_end_do_not_hold_the_run_up) {
  programs_.asks_for_ever = true;
  ask(GuestRequestKind::kSnapshot, "");
  EXPECT_TRUE(wait());
  EXPECT_GT(programs_.told.size(), 1U);
}

} // namespace
} // namespace schedrig::engine
