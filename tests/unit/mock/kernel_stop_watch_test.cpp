// SPDX-License-Identifier: MIT
// The instant at which a simulated machine ejects a scheduler: it stands still there, as the
// scheduler leaves it, with its exit kind in memory.
#include "host/kernel_view/live_exit_kind.hpp"
#include "tests/unit/mock/bad_policies.hpp"
#include "tests/unit/mock/kernel_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class MockStopWatch : public testing::Test, private StopSink {
 protected:
  StopWatchFacet& watch() { return *query<StopWatchFacet>(machine_.machine()); }
  kernel_view::LiveExitKind exit_kind() {
    return kernel_view::find_live_exit_kind(kernel_.view()).value();
  }
  WatchSpec spec() {
    const kernel_view::LiveExitKind kind = exit_kind();
    WatchSpec spec;
    spec.address = kind.address;
    spec.bytes = kind.bytes;
    spec.condition = WatchCondition::kGreaterEqual;
    spec.value = kind.first_error;
    return spec;
  }
  Status arm(const WatchSpec& spec) { return watch().arm(spec, *this); }
  void work() {
    WorkSpec spin = mock::test::work(WorkType::kSpin, 4);
    spin.nice = kTrigger;
    (void)machine_.run_work(spin);
    machine_.run_for(kSecond);
  }

  void on_stop(const WatchCapture& capture) noexcept override {
    seen_ = capture.value;
    at_ns_ = capture.at_ns;
    in_memory_ = kernel_.memory.get<std::uint32_t>(
        kernel_.view().kva({.address = exit_kind().address}, sizeof in_memory_)->front().start);
    VcpuRegisters registers;
    registers_ = query<VcpusFacet>(machine_.machine())->registers(0, &registers).ok();
    exits_then_ = machine_.scheduler_exits().size();
  }
  void on_go_on(std::int64_t frozen_ns) noexcept override { frozen_ns_ = frozen_ns; }

  TestMachine machine_{2};
  SeenKernel kernel_{machine_};
  std::uint64_t seen_ = 0;
  std::int64_t at_ns_ = -1;
  std::uint32_t in_memory_ = 0;
  bool registers_ = false;
  std::size_t exits_then_ = 99;
  std::int64_t frozen_ns_ = -1;
};

TEST_F(MockStopWatch, stands_still_before_anything_is_taken_from_the_scheduler) {
  ASSERT_TRUE(machine_.attach<UsesMissingDsq>("bad").ok());
  EXPECT_EQ(exit_kind().place, "scx_root->exit_kind");
  EXPECT_EQ(exit_kind().first_error, 1024U);
  ASSERT_TRUE(arm(spec()).ok());
  work();
  EXPECT_EQ(seen_, 1024U);
  EXPECT_EQ(in_memory_, 1024U);
  EXPECT_TRUE(registers_);
  EXPECT_EQ(exits_then_, 0U);
  EXPECT_GT(frozen_ns_, 0);
  ASSERT_EQ(machine_.exits().size(), 1U);
  EXPECT_EQ(machine_.scheduler_exits().front().at_ns, at_ns_) << "no virtual time passed";
}

TEST_F(MockStopWatch, looks_at_values_that_match_only) {
  ASSERT_TRUE(machine_.attach<UsesMissingDsq>("bad").ok());
  WatchSpec stall = spec();
  stall.condition = WatchCondition::kEqual;
  stall.value = 1026;
  ASSERT_TRUE(arm(stall).ok());
  work();
  EXPECT_EQ(machine_.scheduler_exits().size(), 1U);
  EXPECT_EQ(frozen_ns_, -1);
}

TEST_F(MockStopWatch, tells_nobody_once_it_is_disarmed) {
  ASSERT_TRUE(machine_.attach<UsesMissingDsq>("bad").ok());
  ASSERT_TRUE(arm(spec()).ok());
  EXPECT_FALSE(arm(spec()).ok()) << "one at a time";
  ASSERT_TRUE(watch().disarm().ok());
  EXPECT_EQ(watch().disarm().code, StatusCode::kInvalidArgument);
  work();
  EXPECT_EQ(machine_.scheduler_exits().size(), 1U);
  EXPECT_EQ(frozen_ns_, -1);
}

TEST_F(MockStopWatch, refuses_other_words) {
  EXPECT_FALSE(kernel_view::find_live_exit_kind(kernel_.view())) << "nothing is attached";
  ASSERT_TRUE(machine_.attach<Sound>("sound").ok());
  WatchSpec other = spec();
  other.address += 8;
  EXPECT_EQ(arm(other).code, StatusCode::kInvalidArgument);
  other = spec();
  other.bytes = 8;
  EXPECT_EQ(arm(other).code, StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::mock::test
