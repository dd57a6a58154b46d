// SPDX-License-Identifier: MIT
// Watches on the kernel in a mock machine's memory: each change counts, once, with its time and
// place; looking changes nothing of what the machine does.
#include <string>
#include <vector>

#include "tests/unit/mock/kernel_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

struct Captures final : WatchSink {
  void on_capture(const WatchCapture& capture) noexcept override {
    all.push_back(capture);
    stacks.emplace_back(capture.stack.begin(), capture.stack.end());
  }
  std::vector<WatchCapture> all;
  std::vector<std::vector<std::uint64_t>> stacks;
};

class MockWatch : public testing::Test {
 protected:
  WatchFacet& watches() { return *query<WatchFacet>(machine_.machine()); }
  std::uint64_t direct(std::uint64_t physical) {
    return kernel_.view().place().direct_map + physical;
  }
  void arm(std::uint32_t slot, const WatchSpec& spec) {
    const Status status = watches().arm(slot, spec);
    EXPECT_TRUE(status.ok()) << status.message;
  }
  WatchCounts counts(std::uint32_t slot) {
    WatchCounts counts;
    EXPECT_TRUE(watches().hits(slot, &counts, captures_).ok());
    return counts;
  }
  std::uint64_t switches(std::uint32_t cpu) {
    return kernel_.memory.get<std::uint64_t>(kernel_.queue("nr_switches", cpu, 8));
  }

  TestMachine machine_{2};
  SeenKernel kernel_{machine_};
  Captures captures_;
};

TEST_F(MockWatch, ticks_of_an_idle_machine_count_exactly) {
  arm(1, {.address = kernel_.view().address_of("jiffies_64").value(), .max_captures = 3});
  machine_.run_for(40 * kSecond);
  EXPECT_EQ(counts(1).hits, 10'000U);
  ASSERT_EQ(captures_.all.size(), 3U);
  EXPECT_EQ(captures_.all[1].at_ns - captures_.all[0].at_ns, 4 * kMs);
  EXPECT_EQ(captures_.all[2].hit, 3U);
}

TEST_F(MockWatch, each_switch_of_a_cpu_counts_and_says_where) {
  for (int i = 0; i < 3; ++i) {
    machine_.run_work(work(WorkType::kPipeIo, 2));
  }
  machine_.run_for(10 * kMs);
  const std::uint64_t before = switches(1);
  arm(1, {.bytes = 8, .address = direct(kernel_.queue("nr_switches", 1, 8)), .max_captures = 1});
  machine_.run_for(kSecond);
  EXPECT_GT(switches(1) - before, 100U);
  EXPECT_EQ(counts(1).hits, switches(1) - before);
  ASSERT_EQ(captures_.all.size(), 1U);
  EXPECT_EQ(captures_.all[0].vcpu, 1U);
  const auto place = kernel_.facts.symbols.place_of(captures_.all[0].pc);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->name, "__schedule");
  ASSERT_EQ(captures_.stacks[0].size(), 1U);
  EXPECT_EQ(kernel_.facts.symbols.place_of(captures_.stacks[0][0])->name, "schedule");
}

TEST_F(MockWatch, conditions_choose_and_the_hosts_writes_are_missed) {
  const std::uint64_t jiffies = kernel_.jiffies();
  arm(1, {.bytes = 8,
          .address = kernel_.view().address_of("jiffies_64").value(),
          .condition = WatchCondition::kGreater,
          .value = jiffies + 1'000});
  machine_.run_for(kSecond);
  EXPECT_EQ(counts(1).hits, 250U);
  EXPECT_EQ(counts(1).matches, 0U);
  kernel_.memory.put(kernel_.symbol("jiffies_64"), jiffies + 2'000);
  EXPECT_EQ(counts(1).hits, 250U);
  machine_.run_for(kSecond);
  EXPECT_EQ(counts(1).hits, 500U);
  EXPECT_EQ(counts(1).matches, 250U);
  ASSERT_TRUE(watches().disarm(1).ok());
  machine_.run_for(kSecond);
  EXPECT_EQ(counts(1).hits, 500U) << "nothing counts behind its end";
}

TEST_F(MockWatch, looking_changes_nothing) {
  TestMachine other{2};
  arm(1, {.bytes = 8, .address = direct(kernel_.queue("clock", 0, 8))});
  for (TestMachine* machine : {&machine_, &other}) {
    machine->run_work(work(WorkType::kPipeIo, 4));
    machine->run_for(500 * kMs);
  }
  EXPECT_GT(counts(1).hits, 0U);
  EXPECT_EQ(machine_.facts(), other.facts());
}

TEST_F(MockWatch, refuses_what_cannot_be_watched) {
  const std::uint64_t jiffies = kernel_.view().address_of("jiffies_64").value();
  const auto code = [&](std::uint32_t slot, std::uint32_t bytes, std::uint64_t address) {
    return watches().arm(slot, {.bytes = bytes, .address = address}).code;
  };
  EXPECT_EQ(code(1, 3, jiffies), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, 8, jiffies + 4), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(4, 8, jiffies), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, 8, 0x1000), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, 8, jiffies), StatusCode::kOk);
  EXPECT_EQ(code(1, 8, jiffies), StatusCode::kInvalidArgument) << "it is armed";
  EXPECT_EQ(watches().disarm(2).code, StatusCode::kInvalidArgument);
  FreezeFacet& freezer = *query<FreezeFacet>(machine_.machine());
  ASSERT_TRUE(freezer.freeze(kSecond).ok());
  EXPECT_EQ(watches().disarm(1).code, StatusCode::kInvalidArgument) << "in a freeze window";
}

} // namespace
} // namespace schedrig::mock::test
