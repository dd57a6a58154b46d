// SPDX-License-Identifier: MIT
// Ops on kernel memory, by scenarios that run on a machine with memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/engine/kernel_run.hpp"

namespace schedrig::engine {
namespace {

using Log = std::vector<std::string>;
constexpr std::uint64_t kRam = KernelMachine::kRam;

class Windows final : public RunObserver {
 public:
  void on_freeze_window(const FreezeWindowRecord& window) override { told.push_back(window.id); }
  std::vector<std::uint32_t> told;
};

KernelTarget symbol(const std::string& name) {
  return SymbolTarget{name};
}

Op read_cold(const std::string& tag, const std::string& name, KernelWidth width = U64Width{}) {
  return {.body = ReadKernelCold{.tag = tag, .target = symbol(name), .width = width}, .pos = {}};
}

Op write_cold(std::vector<KernelWrite> writes) {
  return {.body = WriteKernelCold{.writes = std::move(writes)}, .pos = {}};
}

Op read_hot(const std::string& tag, const std::string& name) {
  return {.body = ReadKernelHot{.tag = tag, .target = symbol(name), .width = U32Width{}},
          .pos = {}};
}

Op write_hot(std::vector<KernelWrite> writes) {
  return {.body = WriteKernelHot{.writes = std::move(writes)}, .pos = {}};
}

class KernelOps : public testing::Test {
 protected:
  void SetUp() override {
    machine_.symbols = {{"jiffies_64", kRam + 0x10},
                        {"clock", kRam + 0x20},
                        {"flags", kRam + 0x28},
                        {"odd", kRam + 0x31},
                        {"outside", 0x8},
                        {"split", kRam + 2 * KernelMachine::kPage - 2}};
    machine_.put_u64(kRam + 0x10, 4'294'937'296);
  }

  void run(std::vector<std::vector<Op>> steps) {
    Scenario scenario;
    for (std::vector<Op>& ops : steps) {
      Step& step = scenario.steps.emplace_back();
      step.name = "s" + std::to_string(scenario.steps.size());
      step.ops = std::move(ops);
    }
    run(scenario);
  }

  void run(const Scenario& scenario) { lost_ = run_on(machine_, scenario, windows_, report_); }

  [[nodiscard]] std::vector<OpStatus> statuses(std::size_t step = 0) const {
    std::vector<OpStatus> all;
    for (const OpRecord& op : report_.steps.at(step).ops) {
      all.push_back(op.status);
    }
    return all;
  }
  [[nodiscard]] Error failure() const { return report_.cause.value_or(Error{}); }
  [[nodiscard]] std::string cause() const { return failure().message; }

  KernelMachine machine_;
  Windows windows_;
  RunReport report_;
  bool lost_ = false; // the machine, at the end
};

TEST_F(KernelOps, cold_writes_side_by_side_share_a_window) {
  run({{write_cold({{symbol("clock"), U64Value{5}}, {symbol("flags"), OrU32Value{4}}}),
        write_cold({{symbol("flags"), OrU32Value{1}}})}});
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(machine_.log, (Log{"freeze", "resolve clock", "resolve flags", "write 10020+8",
                               "or 10028+4", "resolve flags", "or 10028+4", "thaw"}));
  EXPECT_EQ(machine_.u32(kRam + 0x28), 5U);
  ASSERT_EQ(report_.freeze_windows.size(), 1U);
  const FreezeWindowRecord& window = report_.freeze_windows[0];
  EXPECT_EQ(window.id, 1U);
  EXPECT_EQ(window.step, "step \"s1\"");
  EXPECT_EQ(window.ops, 2U);
  EXPECT_EQ(window.frozen_ns, 7000);
  EXPECT_EQ(windows_.told, std::vector<std::uint32_t>{1});
  EXPECT_EQ(report_.steps[0].ops[1].window, 1U);
}

TEST_F(KernelOps, cold_reads_share_a_window_and_their_values_go_to_their_tags) {
  machine_.put_u64(kRam + 0x20, 0x0102030405060708);
  run({{read_cold("j", "jiffies_64"), read_cold("c", "clock", BytesWidth{3}),
        read_cold("j", "clock", U32Width{})}});
  EXPECT_EQ(report_.freeze_windows.size(), 1U);
  const auto& reads = report_.kernel_reads;
  ASSERT_EQ(reads.size(), 3U);
  EXPECT_EQ(reads[0].tag, "j");
  EXPECT_EQ(reads[0].target, "symbol jiffies_64");
  EXPECT_EQ(std::get<U64Value>(reads[0].value).value, 4'294'937'296U);
  EXPECT_EQ(reads[1].tag, "c");
  EXPECT_EQ(std::get<BytesValue>(reads[1].value).bytes, (std::vector<std::uint8_t>{8, 7, 6}));
  EXPECT_EQ(reads[2].tag, "j");
  EXPECT_EQ(std::get<U32Value>(reads[2].value).value, 0x05060708U);
  for (const KernelReadRecord& read : reads) {
    EXPECT_EQ(read.window, 1U);
    EXPECT_GE(read.at_ns, report_.freeze_windows[0].at_ns);
  }
}

TEST_F(KernelOps, a_read_sees_what_an_op_before_it_has_written_in_the_same_window) {
  run({{write_cold({{symbol("clock"), U64Value{41}}}), read_cold("c", "clock"),
        write_cold({{symbol("clock"), U64Value{42}}})}});
  EXPECT_EQ(report_.freeze_windows.size(), 1U);
  ASSERT_EQ(report_.kernel_reads.size(), 1U);
  EXPECT_EQ(std::get<U64Value>(report_.kernel_reads[0].value).value, 41U);
  EXPECT_EQ(machine_.u32(kRam + 0x20), 42U);
}

TEST_F(KernelOps, a_hot_op_between_two_cold_ones_makes_two_windows) {
  run({{read_cold("a", "clock"), read_hot("b", "clock"), read_cold("c", "clock")}});
  EXPECT_EQ(machine_.log, (Log{"freeze", "resolve clock", "read 10020+8", "thaw", "resolve clock",
                               "read 10020+4", "freeze", "resolve clock", "read 10020+8", "thaw"}));
  ASSERT_EQ(report_.kernel_reads.size(), 3U);
  EXPECT_EQ(report_.kernel_reads[0].window, 1U);
  EXPECT_EQ(report_.kernel_reads[1].window, 0U);
  EXPECT_EQ(report_.kernel_reads[2].window, 2U);
  EXPECT_EQ(report_.freeze_windows[1].id, 2U);
}

TEST_F(KernelOps, a_step_and_a_turn_of_a_loop_end_a_window) {
  run({{read_cold("a", "clock")}, {read_cold("b", "clock")}});
  EXPECT_EQ(report_.freeze_windows.size(), 2U);
  Scenario looping;
  Step& step = looping.steps.emplace_back();
  step.ops = {read_cold("a", "clock"), read_cold("b", "clock")};
  step.hold = HoldLoop{.every_ns = 1'000'000};
  looping.run.duration_ns = 3'000'000;
  report_ = {};
  run(looping);
  EXPECT_EQ(report_.freeze_windows.size(), 3U);
  EXPECT_EQ(report_.kernel_reads.size(), 6U);
}

TEST_F(KernelOps, a_bad_entry_fails_the_op_that_has_it_with_nothing_of_it_written) {
  run({{write_cold({{symbol("clock"), U64Value{1}}}),
        write_cold({{symbol("clock"), U64Value{2}},
                    {symbol("no_such"), U32Value{3}},
                    {symbol("flags"), U32Value{4}}}),
        write_cold({{symbol("flags"), U32Value{5}}})}});
  EXPECT_EQ(statuses(), (std::vector{OpStatus::kOk, OpStatus::kFailed, OpStatus::kNotRun}));
  EXPECT_EQ(cause(), "step 1 \"s1\", op 2 write_kernel_cold: entry 2 of 3, symbol no_such: "
                     "there is no such symbol");
  EXPECT_EQ(failure().help, "did you mean jiffies_64?");
  EXPECT_EQ(machine_.u32(kRam + 0x20), 1U); // as without sharing: earlier ops stand
  EXPECT_EQ(machine_.u32(kRam + 0x28), 0U);
  ASSERT_EQ(report_.freeze_windows.size(), 1U);
  EXPECT_EQ(report_.freeze_windows[0].ops, 2U);
  EXPECT_EQ(machine_.log.back(), "thaw");
}

TEST_F(KernelOps, an_entry_that_the_memory_refuses_is_named_and_nothing_is_written) {
  run({{write_cold({{symbol("clock"), U64Value{2}}, {symbol("outside"), U64Value{3}}})}});
  EXPECT_EQ(cause(), "step 1 \"s1\", op 1 write_kernel_cold: entry 2 of 2, symbol outside: no "
                     "memory there");
  EXPECT_EQ(machine_.u32(kRam + 0x20), 0U);
}

TEST_F(KernelOps, hot_writes_are_one_batch_in_order_without_a_window) {
  run({{write_hot({{symbol("clock"), U64Value{9}},
                   {symbol("flags"), OrU32Value{32}},
                   {symbol("odd"), BytesValue{{1, 2, 3}}}})}});
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(machine_.log, (Log{"resolve clock", "resolve flags", "resolve odd", "write 10020+8",
                               "or 10028+4", "write 10031+3"}));
  EXPECT_TRUE(report_.freeze_windows.empty());
}

TEST_F(KernelOps, a_misaligned_or_is_for_frozen_machines) {
  run({{write_hot({{symbol("clock"), U64Value{9}}, {symbol("odd"), OrU32Value{1}}})}});
  EXPECT_EQ(cause(), "step 1 \"s1\", op 1 write_kernel_hot: entry 2 of 2, symbol odd: or_u32 at "
                     "the physical address 0x10031 is not aligned to 4 bytes, and cannot be "
                     "atomic while the machine runs");
  EXPECT_EQ(machine_.u32(kRam + 0x20), 0U);
  report_ = {};
  run({{write_cold({{symbol("odd"), OrU32Value{1}}})}});
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(machine_.ram[0x31], 1U);
}

TEST_F(KernelOps, a_target_that_crosses_pages_is_put_together) {
  machine_.ram[2 * KernelMachine::kPage - 2] = 1;
  machine_.ram[2 * KernelMachine::kPage - 1] = 2;
  machine_.ram[0] = 3;
  run({{read_cold("s", "split", U32Width{}),
        write_cold({{symbol("split"), OrU32Value{0x10101010}}}),
        read_cold("s", "split", U32Width{})}});
  ASSERT_EQ(report_.kernel_reads.size(), 2U) << cause();
  EXPECT_EQ(std::get<U32Value>(report_.kernel_reads[0].value).value, 0x00030201U);
  EXPECT_EQ(std::get<U32Value>(report_.kernel_reads[1].value).value, 0x10131211U);
}

TEST_F(KernelOps, a_target_that_is_found_in_part_only_is_an_error) {
  machine_.symbols.emplace("nowhere", kRam);
  for (const Op& op :
       {write_hot({{symbol("clock"), U64Value{9}}, {symbol("nowhere"), OrU32Value{1}}}),
        write_cold({{symbol("clock"), U64Value{9}}, {symbol("nowhere"), U32Value{1}}})}) {
    report_ = {};
    run({{op}});
    EXPECT_NE(cause().find("entry 2 of 2, symbol nowhere: of the target 4 bytes were not found"),
              std::string::npos)
        << cause();
    EXPECT_EQ(machine_.u32(kRam + 0x20), 0U);
  }
}

TEST_F(KernelOps, a_machine_that_does_not_freeze_fails_the_first_op_and_has_no_window) {
  machine_.freeze_fails = StatusCode::kTimeout;
  run({{read_cold("a", "clock"), read_cold("b", "clock")}});
  EXPECT_EQ(statuses(), (std::vector{OpStatus::kFailed, OpStatus::kNotRun}));
  EXPECT_EQ(cause(),
            "step 1 \"s1\", op 1 read_kernel_cold: freeze the machine: CPU 1 did not stop");
  EXPECT_TRUE(report_.freeze_windows.empty());
  EXPECT_TRUE(machine_.log.empty());
  EXPECT_FALSE(lost_) << "it goes on as before";
  EXPECT_EQ(report_.steps.front().verdict, Verdict::kInconclusive);
}

TEST_F(KernelOps, a_machine_that_does_not_go_on_fails_the_last_op) {
  machine_.thaw_fails = StatusCode::kGuestFailed;
  run({{read_cold("a", "clock"), read_cold("b", "clock")}});
  EXPECT_EQ(statuses(), (std::vector{OpStatus::kOk, OpStatus::kFailed}));
  EXPECT_EQ(cause(), "step 1 \"s1\", op 2 read_kernel_cold: let the machine go on: CPU 1 does not "
                     "go on");
  EXPECT_TRUE(lost_);
}

TEST_F(KernelOps, a_machine_without_memory_is_told_so) {
  machine_.machine.facets.clear();
  run({{read_hot("a", "clock")}});
  EXPECT_EQ(failure().code, StatusCode::kUnsupported);
  report_ = {};
  run({{read_cold("a", "clock")}});
  EXPECT_EQ(failure().code, StatusCode::kUnsupported);
}

constexpr std::int64_t kMs = 1'000'000;

HoldUntil until(CompareOp op, std::uint64_t value) {
  return {.target = symbol("clock"),
          .width = U64Width{},
          .comparison = {.op = op, .value = value},
          .timeout_ns = 2'000'000'000};
}

class KernelHolds : public KernelOps {
 protected:
  // One step that holds; the clock in the machine's memory goes with the machine's.
  void hold(const HoldUntil& until) {
    machine_.before_access = [this] {
      machine_.put_u64(kRam + 0x20, static_cast<std::uint64_t>(machine_.machine.now_ns()));
    };
    Scenario scenario;
    Step& step = scenario.steps.emplace_back();
    step.name = "s1";
    step.hold = until;
    run(scenario);
  }
};

TEST_F(KernelHolds, a_value_that_fits_ends_the_hold_at_once) {
  hold(until(CompareOp::kLess, kMs));
  EXPECT_FALSE(report_.cause) << cause();
  EXPECT_LT(machine_.machine.now_ns(), kMs);
}

TEST_F(KernelHolds, a_hold_ends_when_the_value_comes_to_fit) {
  hold(until(CompareOp::kGreaterEqual, 300 * kMs));
  EXPECT_FALSE(report_.cause) << cause();
  EXPECT_GE(machine_.machine.now_ns(), 300 * kMs);
  EXPECT_LT(machine_.machine.now_ns(), 302 * kMs); // the first look after it
}

TEST_F(KernelHolds, a_value_that_never_fits_fails_the_step_with_what_it_was) {
  hold(until(CompareOp::kEqual, 7));
  EXPECT_EQ(failure().code, StatusCode::kTimeout);
  EXPECT_THAT(cause(), testing::MatchesRegex("step 1 \"s1\", hold: wait_until: symbol clock was "
                                             "20000000.., not == 7, for 2.00 s"));
}

TEST_F(KernelHolds, a_target_that_is_not_there_fails_the_step) {
  HoldUntil nothing = until(CompareOp::kEqual, 7);
  nothing.target = symbol("jiffies");
  hold(nothing);
  EXPECT_EQ(failure().code, StatusCode::kNotFound);
}

} // namespace
} // namespace schedrig::engine
