// SPDX-License-Identifier: MIT
// Freeze windows of the mock machine: what they cost, and the fault that makes a CPU late.
#include <string>

#include <gtest/gtest.h>

#include <schedrig/freeze.hpp>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

struct NoProblems final : ParamProblemSink {
  void on_problem(std::string_view key, const Status& problem) noexcept override {
    ADD_FAILURE() << key << ": " << problem.message;
  }
};

// CPU `cpu` is late by `by` from `at` on.
Faults late(std::int64_t cpu, std::int64_t by, std::int64_t at = 0) {
  ParamValue when;
  when.key = "faults[0].at";
  when.integer = at;
  ParamValue which;
  which.key = "faults[0].late_vcpu";
  which.integer = cpu;
  ParamValue how;
  how.key = "faults[0].by";
  how.integer = by;
  const std::array params = {when, which, how};
  NoProblems problems;
  Faults faults;
  faults.declare(params, problems);
  return faults;
}

class MockFreeze : public testing::Test {
 protected:
  static TestMachine machine(Faults faults = {}, std::uint32_t cpus = 4) {
    return TestMachine(Topology::uniform(1, 1, cpus, 1), 1, {}, std::move(faults));
  }
  static FreezeFacet& freezer(TestMachine& m) { return *query<FreezeFacet>(m.machine()); }
  // What a window of that machine costs.
  static std::int64_t window(TestMachine& m) {
    std::int64_t frozen_ns = 0;
    EXPECT_TRUE(freezer(m).freeze(100 * kMs).ok());
    EXPECT_TRUE(freezer(m).thaw(&frozen_ns).ok());
    return frozen_ns;
  }
};

TEST_F(MockFreeze, a_window_has_its_cost_and_takes_no_time_of_the_machine) {
  TestMachine few = machine();
  TestMachine many = machine({}, 64);
  const std::int64_t before = few.now();
  EXPECT_EQ(window(few), 24'000);
  EXPECT_EQ(window(many), 84'000);
  EXPECT_EQ(few.now(), before);
}

TEST_F(MockFreeze, a_late_cpu_is_named_and_the_machine_goes_on) {
  TestMachine m = machine(late(2, 150 * kMs));
  const Status frozen = freezer(m).freeze(100 * kMs);
  EXPECT_EQ(frozen.code, StatusCode::kTimeout);
  EXPECT_EQ(std::string(frozen.message),
            "freeze: CPU 2 did not stand still within 100 ms; the machine goes on");
  const std::int64_t before = m.now();
  m.run_for(kMs);
  EXPECT_EQ(m.now(), before + kMs);
  EXPECT_TRUE(freezer(m).freeze(200 * kMs).ok()) << "who waits longer gets it";
}

TEST_F(MockFreeze, a_cpu_that_is_waited_for_makes_the_window_longer) {
  TestMachine m = machine(late(0, 50 * kMs));
  EXPECT_EQ(window(m), 24'000 + 50 * kMs);
}

TEST_F(MockFreeze, a_cpu_is_late_from_its_moment_on_and_only_if_there_is_one) {
  TestMachine m = machine(late(1, 50 * kMs, 10 * kMs));
  EXPECT_EQ(window(m), 24'000);
  m.run_for(10 * kMs);
  EXPECT_EQ(window(m), 24'000 + 50 * kMs);
  EXPECT_EQ(window(m), 24'000 + 50 * kMs);
  TestMachine other = machine(late(4, 50 * kMs));
  EXPECT_EQ(window(other), 24'000);
}

} // namespace
} // namespace schedrig::mock::test
