// SPDX-License-Identifier: MIT
// The table of watches and the debug registers that it asks for. Hits of real CPUs are judged in
// the lab (tests/lab).
#include <chrono>
#include <limits>

#include <gtest/gtest.h>

#include "vmm/watches.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

// Intel SDM vol. 3B, 17.2.4, taken apart again.
TEST(DebugControl, names_every_armed_slot_with_its_length_and_no_other) {
  const std::array<std::uint32_t, 4> lengths = {1, 2, 4, 8};
  const std::array<std::uint64_t, 4> codes = {0, 1, 3, 2};
  for (std::uint64_t armed = 0; armed < 16; ++armed) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      std::array<std::uint32_t, kWatchSlots> bytes{};
      for (std::size_t slot = 0; slot < 4; ++slot) {
        bytes[slot] = lengths[(slot + shift) % 4];
      }
      const std::uint64_t control = debug_control(armed, bytes);
      EXPECT_NE(control & 0x400U, 0U) << "bit 10 reads 1";
      EXPECT_EQ(control & 0xfb00U, 0U) << "neither exact, nor GD, nor reserved bits";
      for (std::size_t slot = 0; slot < 4; ++slot) {
        const std::uint64_t field = control >> (16 + 4 * slot) & 0xfU;
        const bool on = (armed >> slot & 1U) != 0;
        EXPECT_EQ(control >> (2 * slot) & 3U, on ? 2U : 0U) << "global, not local";
        EXPECT_EQ(field, on ? (1U | codes[(slot + shift) % 4] << 2U) : 0U);
      }
    }
  }
}

class WatchTable : public testing::Test {
 protected:
  static WatchSpec spec(std::uint64_t address = 0x1000, std::uint32_t bytes = 4) {
    WatchSpec spec;
    spec.address = address;
    spec.bytes = bytes;
    return spec;
  }
  Result<> set(std::uint32_t slot, const WatchSpec& spec) {
    return watches_.set(slot, spec, [this] { return now_; });
  }
  void hit(std::uint32_t slot, std::uint64_t value = 0) {
    watches_.hit(
        slot, [&] { return std::optional(value); },
        [&] {
          WatchHit found;
          found.capture.value = value;
          return found;
        });
  }

  Watches watches_{
      [this] { captured_at_stops_.push_back(watches_.take_hits(0)->captures.size()); }};
  std::vector<std::size_t> captured_at_stops_; // what could be had at each
  std::int64_t now_ = 0;
};

TEST_F(WatchTable, takes_what_debug_registers_can_watch) {
  for (const std::uint32_t bytes : {1U, 2U, 4U, 8U}) {
    EXPECT_TRUE(set(0, spec(0xffff888000000000 + bytes, bytes)).has_value());
    EXPECT_TRUE(watches_.clear(0).has_value());
  }
  for (const auto& [address, bytes] :
       std::initializer_list<std::pair<std::uint64_t, std::uint32_t>>{
           {0x1000, 0}, {0x1000, 3}, {0x1000, 16}, {0x1002, 4}, {0x1004, 8}, {0x1001, 2}}) {
    const auto refused = set(0, spec(address, bytes));
    ASSERT_FALSE(refused.has_value()) << address << " " << bytes;
    EXPECT_EQ(refused.error().code, StatusCode::kInvalidArgument);
  }
}

TEST_F(WatchTable, has_four_slots_each_of_which_is_armed_once) {
  for (std::uint32_t slot = 0; slot < kWatchSlots; ++slot) {
    EXPECT_TRUE(set(slot, spec()).has_value());
    EXPECT_FALSE(set(slot, spec()).has_value());
  }
  EXPECT_EQ(watches_.armed(), 0xfU);
  EXPECT_FALSE(set(4, spec()).has_value());
  EXPECT_TRUE(watches_.clear(2).has_value());
  EXPECT_FALSE(watches_.clear(2).has_value());
  EXPECT_FALSE(watches_.clear(4).has_value());
  EXPECT_EQ(watches_.armed(), 0xbU);
}

TEST_F(WatchTable, asks_kvm_for_what_is_armed_and_for_nothing_once_nothing_is) {
  EXPECT_EQ(watches_.debug().control, 0U);
  ASSERT_TRUE(set(3, spec(0x2008, 8)).has_value());
  const kvm_guest_debug debug = watches_.debug();
  EXPECT_EQ(debug.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP);
  EXPECT_EQ(debug.arch.debugreg[3], 0x2008U);
  EXPECT_EQ(debug.arch.debugreg[7], 0x400U | 1U << 7 | 9U << 28);
  ASSERT_TRUE(watches_.clear(3).has_value());
  EXPECT_EQ(watches_.debug().control, 0U);
}

TEST_F(WatchTable, counts_on_when_it_captures_no_more) {
  WatchSpec two = spec();
  two.max_captures = 2;
  ASSERT_TRUE(set(1, two).has_value());
  for (int i = 0; i < 10'000; ++i) {
    hit(1);
  }
  const auto hits = watches_.take_hits(1);
  ASSERT_TRUE(hits.has_value());
  EXPECT_EQ(hits->counts.hits, 10'000U);
  EXPECT_EQ(hits->counts.matches, 10'000U);
  ASSERT_EQ(hits->captures.size(), 2U);
  EXPECT_EQ(hits->captures[0].capture.hit, 1U);
  EXPECT_EQ(hits->captures[1].capture.hit, 2U);
  EXPECT_TRUE(watches_.take_hits(1)->captures.empty()) << "given once";
}

TEST_F(WatchTable, captures_at_most_one_hit_an_interval) {
  WatchSpec slow = spec();
  slow.min_interval_ns = 100;
  ASSERT_TRUE(set(1, slow).has_value());
  for (now_ = 1; now_ <= 300; ++now_) {
    hit(1);
  }
  const auto hits = watches_.take_hits(1);
  ASSERT_EQ(hits->captures.size(), 3U);
  EXPECT_EQ(hits->captures[1].capture.at_ns, 101);
  EXPECT_EQ(hits->captures[2].capture.hit, 201U);
}

TEST_F(WatchTable, captures_only_values_that_the_condition_holds_for) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::array<std::pair<WatchCondition, std::uint64_t>, 7> matches = {
      {{WatchCondition::kAny, 4},
       {WatchCondition::kLess, 1},
       {WatchCondition::kLessEqual, 2},
       {WatchCondition::kGreater, 2},
       {WatchCondition::kGreaterEqual, 3},
       {WatchCondition::kEqual, 1},
       {WatchCondition::kNotEqual, 3}}};
  for (const auto& [condition, expected] : matches) {
    WatchSpec choosy = spec();
    choosy.condition = condition;
    choosy.value = 5;
    ASSERT_TRUE(set(1, choosy).has_value());
    for (const std::uint64_t value : {4ULL, 5ULL, 6ULL, static_cast<unsigned long long>(kMost)}) {
      hit(1, value);
    }
    const auto hits = watches_.take_hits(1);
    EXPECT_EQ(hits->counts.hits, 4U);
    EXPECT_EQ(hits->counts.matches, expected) << static_cast<unsigned>(condition);
    EXPECT_EQ(hits->captures.size(), expected);
    ASSERT_TRUE(watches_.clear(1).has_value());
  }
}

TEST_F(WatchTable, stops_at_the_first_match_which_can_be_had_then) {
  WatchSpec error = spec();
  error.condition = WatchCondition::kGreaterEqual;
  error.value = 1024;
  error.max_captures = 1;
  ASSERT_TRUE(watches_.set(0, error, [this] { return now_; }, true).has_value());
  ASSERT_TRUE(set(1, spec()).has_value());
  hit(1);
  hit(0, 64);
  EXPECT_TRUE(captured_at_stops_.empty());
  hit(0, 1026);
  hit(0, 1025);
  EXPECT_EQ(captured_at_stops_, std::vector<std::size_t>{1});
}

// The one that writes is faster than the others, which then stand and wait.
TEST_F(WatchTable, does_not_wait_for_vcpus_that_a_match_has_stopped) {
  ASSERT_TRUE(watches_.set(0, spec(), [this] { return now_; }, true).has_value());
  watches_.taken(0, {});
  hit(0);
  const auto soon = std::chrono::steady_clock::now() + 1ms;
  EXPECT_TRUE(watches_.wait_until_taken(2, soon).has_value());
  ASSERT_TRUE(watches_.clear(0).has_value());
  EXPECT_FALSE(watches_.wait_until_taken(2, soon).has_value()) << "a change behind it";
}

TEST_F(WatchTable, begins_anew_when_a_slot_is_armed_again) {
  ASSERT_TRUE(set(1, spec()).has_value());
  hit(1);
  ASSERT_TRUE(watches_.clear(1).has_value());
  EXPECT_EQ(watches_.take_hits(1)->counts.hits, 1U) << "still known";
  ASSERT_TRUE(set(1, spec()).has_value());
  EXPECT_EQ(watches_.take_hits(1)->counts.hits, 0U);
}

TEST_F(WatchTable, says_which_vcpu_has_not_taken_a_change_or_could_not) {
  ASSERT_TRUE(set(1, spec()).has_value());
  watches_.taken(0, {});
  const auto late = watches_.wait_until_taken(2, std::chrono::steady_clock::now() + 1ms);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, StatusCode::kTimeout);
  watches_.taken(1, fail(StatusCode::kOs, "KVM_SET_GUEST_DEBUG: no"));
  const auto failed = watches_.wait_until_taken(2, std::chrono::steady_clock::now() + 1ms);
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().message.find("vCPU 1"), std::string::npos) << failed.error().message;
  watches_.clear_all();
  watches_.taken(0, {});
  watches_.taken(1, {});
  EXPECT_TRUE(watches_.wait_until_taken(2, std::chrono::steady_clock::now() + 1ms).has_value());
}

} // namespace
} // namespace schedrig::kvm
