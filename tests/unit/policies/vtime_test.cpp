// SPDX-License-Identifier: MIT
// The policy `vtime` on a simulated machine: shares by weight.
#include <array>

#include <gtest/gtest.h>

#include "plugins/schedulers/vtime/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using vtime::Vtime;

constexpr std::int64_t kSecond = 1'000'000'000;

WorkSpec niced(std::int32_t nice, std::uint32_t workers = 1) {
  WorkSpec spec = work(WorkType::kSpin, workers);
  spec.nice = nice;
  return spec;
}

double cpu_of(TestMachine& m, std::uint32_t group) {
  double total = 0;
  for (const OwnedReport& each : m.stop(group)) {
    total += static_cast<double>(each.report.cpu_ns);
  }
  return total;
}

// sched_weight_to_cgroup() of the nice levels' weights: 1024, 335, 3121.
constexpr double kWeightNice0 = 100;
constexpr double kWeightNice5 = 33;
constexpr double kWeightNiceMinus5 = 305;

TEST(Vtime, two_tasks_share_a_cpu_by_weight) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Vtime>("vtime").ok());
  const auto heavy = m.run_work(niced(0));
  const auto light = m.run_work(niced(5));
  m.run_for(20 * kSecond);
  const double a = cpu_of(m, heavy);
  const double b = cpu_of(m, light);
  EXPECT_NEAR(a / (a + b), kWeightNice0 / (kWeightNice0 + kWeightNice5), 0.02);
}

TEST(Vtime, many_tasks_share_several_cpus_by_weight) {
  TestMachine m(4);
  ASSERT_TRUE(m.attach<Vtime>("vtime").ok());
  // Each weight three times: no task is worth more than one of the four CPUs.
  const auto heavy = m.run_work(niced(-5, 3));
  const auto middle = m.run_work(niced(0, 3));
  const auto light = m.run_work(niced(5, 3));
  m.run_for(60 * kSecond);
  const double a = cpu_of(m, heavy);
  const double b = cpu_of(m, middle);
  const double c = cpu_of(m, light);
  const double all = kWeightNiceMinus5 + kWeightNice0 + kWeightNice5;
  EXPECT_NEAR(a / (a + b + c), kWeightNiceMinus5 / all, 0.02);
  EXPECT_NEAR(b / (a + b + c), kWeightNice0 / all, 0.02);
  EXPECT_NEAR(c / (a + b + c), kWeightNice5 / all, 0.02);
}

TEST(Vtime, sleeping_saves_no_more_than_a_slice) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Vtime>("vtime").ok());
  const auto spinner = m.run_work(work(WorkType::kSpin));
  m.run_for(10 * kSecond);
  const auto late = m.run_work(work(WorkType::kSpin)); // has used nothing so far
  m.run_for(2 * kSecond);
  const double b = cpu_of(m, late);
  EXPECT_NEAR(b / (2.0 * kSecond), 0.5, 0.02);
  m.stop(spinner);
}

TEST(Vtime, takes_over_tasks_that_run_and_that_wait) {
  TestMachine m(1);
  const auto group = m.run_work(work(WorkType::kSpin, 3));
  m.run_for(kSecond);
  ASSERT_TRUE(m.attach<Vtime>("vtime").ok()); // takes over running and queued tasks
  m.run_for(9 * kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns) / (10.0 * kSecond), 1.0 / 3, 0.02);
  }
}

} // namespace
} // namespace schedrig::mock::test
