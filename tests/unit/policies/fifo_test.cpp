// SPDX-License-Identifier: MIT
// The policy `fifo` on a simulated machine.
#include <array>

#include <gtest/gtest.h>

#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using fifo::Fifo;

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Fifo, weights_do_not_matter) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Fifo>("fifo").ok());
  WorkSpec nice = work(WorkType::kSpin);
  nice.nice = 10;
  const auto heavy = m.run_work(work(WorkType::kSpin));
  const auto light = m.run_work(nice);
  m.run_for(10 * kSecond);
  const double a = static_cast<double>(m.stop(heavy)[0].report.cpu_ns);
  const double b = static_cast<double>(m.stop(light)[0].report.cpu_ns);
  EXPECT_NEAR(a / (a + b), 0.5, 0.01);
}

TEST(Fifo, the_slice_is_the_turn) {
  TestMachine m(1);
  const std::array params = {
      ParamValue{.type = ParamType::kDuration, .key = "slice", .integer = 100'000'000, .text = {}}};
  ASSERT_TRUE(m.attach<Fifo>("fifo", params).ok());
  const auto group = m.run_work(work(WorkType::kSpin, 3));
  m.run_for(3 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    ASSERT_FALSE(each.gaps.empty());
    // Two others' turns, ended at ticks of 4 ms.
    EXPECT_GE(each.gaps[0].length_ns, 196'000'000);
    EXPECT_LE(each.gaps[0].length_ns, 212'000'000);
  }
}

} // namespace
} // namespace schedrig::mock::test
