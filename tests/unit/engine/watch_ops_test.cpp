// SPDX-License-Identifier: MIT
// The op watch_snapshot on a machine that notes what it is told to watch.
#include <gtest/gtest.h>

#include "host/engine/dispatch.hpp"
#include "tests/unit/engine/kernel_run.hpp"

namespace schedrig::engine {
namespace {

class FakeWatch final : public WatchFacet {
 public:
  struct Armed {
    std::uint32_t slot;
    WatchSpec spec;
  };
  std::vector<Armed> armed; // as it was asked for
  std::vector<std::uint32_t> disarmed;
  std::uint64_t counted = 0;
  Status refuse;

  Status arm(std::uint32_t slot, const WatchSpec& spec) noexcept override {
    if (refuse.code == StatusCode::kOk) {
      armed.push_back({slot, spec});
    }
    return refuse;
  }
  Status disarm(std::uint32_t slot) noexcept override {
    disarmed.push_back(slot);
    return {};
  }
  Status hits(std::uint32_t /*slot*/, WatchCounts* counts, WatchSink& sink) noexcept override {
    counts->hits = counted;
    counts->matches = counted / 2;
    const std::array<std::uint64_t, 3> stack = {5, KernelMachine::kCode + 0x20, 6};
    WatchCapture capture;
    capture.hit = 1;
    capture.vcpu = 3;
    capture.pc = KernelMachine::kCode + 0x10;
    capture.value = 9;
    capture.stack = stack;
    sink.on_capture(capture);
    return {};
  }
};

WatchSnapshot snapshot(const std::string& symbol) {
  WatchSnapshot op;
  op.target = SymbolTarget{symbol};
  return op;
}

Op watch(const std::string& symbol) {
  return {.body = snapshot(symbol), .pos = {}};
}

class WatchOps : public testing::Test {
 protected:
  void SetUp() override {
    machine_.machine.facets.emplace(WatchFacet::kInterfaceId, static_cast<WatchFacet*>(&watch_));
    machine_.symbols = {{"jiffies_64", KernelMachine::kRam + 0x10},
                        {"clock", KernelMachine::kRam + 0x20},
                        {"flags", KernelMachine::kRam + 0x28},
                        {"odd", KernelMachine::kRam + 0x31}};
  }

  void run(const std::vector<std::vector<Op>>& steps, const std::vector<Op>& backdrop = {}) {
    Scenario scenario;
    scenario.backdrop.ops = backdrop;
    for (const std::vector<Op>& ops : steps) {
      Step& step = scenario.steps.emplace_back();
      step.name = "s" + std::to_string(scenario.steps.size());
      step.ops = ops;
    }
    RunObserver observer;
    run_on(machine_, scenario, observer, report_);
  }
  [[nodiscard]] std::string cause() const { return report_.cause.value_or(Error{}).message; }

  KernelMachine machine_;
  FakeWatch watch_;
  RunReport report_;
};

TEST_F(WatchOps, a_watch_is_armed_where_the_kernel_writes_and_ends_with_its_step) {
  watch_.counted = 10'000;
  WatchSnapshot wanted = snapshot("jiffies_64");
  wanted.len = 8;
  wanted.max_captures = 3;
  wanted.min_interval_ns = 7;
  wanted.condition = Comparison{.op = CompareOp::kGreater, .value = 5};
  run({{{.body = wanted, .pos = {}}}});
  EXPECT_EQ(cause(), "");
  ASSERT_EQ(watch_.armed.size(), 1U);
  EXPECT_EQ(watch_.armed[0].slot, 1U) << "slot 0 is the scheduler's";
  const WatchSpec& spec = watch_.armed[0].spec;
  EXPECT_EQ(spec.address, KernelMachine::kLinear + KernelMachine::kRam + 0x10);
  EXPECT_EQ(spec.bytes, 8U);
  EXPECT_EQ(spec.max_captures, 3U);
  EXPECT_EQ(spec.min_interval_ns, 7);
  EXPECT_EQ(spec.condition, WatchCondition::kGreater);
  EXPECT_EQ(spec.value, 5U);
  EXPECT_EQ(watch_.disarmed, std::vector<std::uint32_t>{1});
  ASSERT_EQ(report_.watches.size(), 1U);
  const WatchRecord& record = report_.watches[0];
  EXPECT_EQ(record.target, "symbol jiffies_64");
  EXPECT_EQ(record.hits, 10'000U);
  EXPECT_EQ(record.matches, 5'000U);
  EXPECT_FALSE(record.armed);
  ASSERT_EQ(record.captures.size(), 1U);
  EXPECT_EQ(record.captures[0].symbol, "code+0x10");
  EXPECT_EQ(record.captures[0].callers, std::vector<std::string>{"code+0x20"});
  EXPECT_EQ(record.captures[0].vcpu, 3U);
  EXPECT_EQ(record.captures[0].value, 9U);
}

TEST_F(WatchOps, a_fourth_is_refused_and_told_who_has_the_three) {
  run({{watch("jiffies_64"), watch("clock"), watch("flags")}, {watch("clock")}}, {});
  EXPECT_EQ(cause(), "") << "each step has three";
  report_ = {};
  run({{watch("clock"), watch("flags"), watch("clock")}}, {watch("jiffies_64")});
  EXPECT_EQ(cause(), "step 1 \"s1\", op 3 watch_snapshot: the CPU's debug registers watch 3 places "
                     "already: symbol jiffies_64 (backdrop), symbol clock (step \"s1\"), symbol "
                     "flags (step \"s1\")");
}

TEST_F(WatchOps, what_is_not_aligned_is_refused_with_its_address) {
  run({{watch("odd")}});
  EXPECT_NE(cause().find("symbol odd is at 0xffff888000010031, which is not a multiple of 4"),
            std::string::npos)
      << cause();
  EXPECT_TRUE(watch_.armed.empty());
  EXPECT_TRUE(report_.watches.empty());
}

TEST_F(WatchOps, a_symbol_that_there_is_not_fails_the_step) {
  run({{watch("jiffie_64")}});
  EXPECT_EQ(cause(), "step 1 \"s1\", op 1 watch_snapshot: there is no such symbol");
}

TEST_F(WatchOps, pages_are_not_watched_by_this_release) {
  WatchSnapshot page = snapshot("clock");
  page.via = WatchVia::kPage;
  run({{{.body = page, .pos = {}}}});
  EXPECT_EQ(report_.cause.value_or(Error{}).code, StatusCode::kUnsupported);
}

TEST_F(WatchOps, a_machine_that_refuses_is_not_asked_for_hits) {
  watch_.refuse = Status::make(StatusCode::kTimeout, "vCPU 1 did not stop in time");
  run({{watch("clock")}});
  EXPECT_EQ(cause(), "step 1 \"s1\", op 1 watch_snapshot: watch symbol clock at "
                     "0xffff888000010020: vCPU 1 did not stop in time");
  EXPECT_TRUE(watch_.disarmed.empty());
}

} // namespace
} // namespace schedrig::engine
