// SPDX-License-Identifier: MIT
#include <numeric>

#include <gtest/gtest.h>

#include "host/engine/rate_checks.hpp"
#include "host/engine/wake_latency.hpp"

namespace schedrig::engine {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

WorkerRecord worker(std::uint32_t group, std::uint32_t number, std::int64_t cpu_ns) {
  WorkerRecord record;
  record.cgroup = "a";
  record.group = group;
  record.worker = number;
  record.started = record.completed = true;
  record.wall_ns = kSecond;
  record.cpu_ns = cpu_ns;
  record.iterations = 1000;
  return record;
}

CheckRecord judge(const ChecksConfig& config, const std::vector<WorkerRecord>& workers) {
  std::vector<CheckRecord> checks;
  evaluate_rates(config, workers, checks);
  EXPECT_EQ(checks.size(), 1U);
  return checks.empty() ? CheckRecord{} : checks.front();
}

TEST(MaxSpread, compares_the_shares_within_a_group_alone) {
  ChecksConfig config;
  config.max_spread_pct = 10.0;
  const std::vector<WorkerRecord> even = {worker(0, 0, 500 * kMs), worker(0, 1, 410 * kMs),
                                          worker(1, 0, 90 * kMs), worker(1, 1, 10 * kMs)};
  EXPECT_EQ(judge(config, even).verdict, Verdict::kPass);
  std::vector<WorkerRecord> uneven = even;
  uneven[3].cpu_ns = 191 * kMs;
  const CheckRecord check = judge(config, uneven);
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_EQ(check.observed,
            "spread 10.1 %: worker 0 (spin, pid 0) of cgroup \"a\" had 9 % of a CPU, "
            "worker 1 (spin, pid 0) of cgroup \"a\" 19.1 %");
}

TEST(MaxSpread, takes_frozen_time_off_the_denominator) {
  ChecksConfig config;
  config.max_spread_pct = 1.0;
  WorkerRecord frozen = worker(0, 1, 250 * kMs);
  frozen.frozen = {{.start_ns = 0, .end_ns = 500 * kMs}};
  EXPECT_EQ(judge(config, {worker(0, 0, 500 * kMs), frozen}).verdict, Verdict::kPass);
}

TEST(MaxSpread, is_inconclusive_where_a_worker_has_no_time_and_nothing_fails) {
  ChecksConfig config;
  config.max_spread_pct = 10.0;
  WorkerRecord never = worker(0, 2, 0);
  never.wall_ns = 0;
  EXPECT_EQ(judge(config, {worker(0, 0, kSecond), worker(0, 1, kSecond), never}).verdict,
            Verdict::kInconclusive);
  EXPECT_EQ(judge(config, {worker(0, 0, kSecond), worker(0, 1, 0), never}).verdict, Verdict::kFail);
  EXPECT_EQ(judge(config, {worker(0, 0, kSecond), worker(1, 0, 0)}).verdict, Verdict::kSkip);
}

TEST(MaxP99WakeLatency, judges_the_worst_worker) {
  ChecksConfig config;
  config.max_p99_wake_latency_ns = 5 * kMs;
  WorkerRecord slow = worker(0, 1, 0);
  slow.wake_latency = {.count = 200, .p50_ns = kMs, .p99_ns = 5 * kMs, .max_ns = 9 * kMs};
  WorkerRecord fast = worker(0, 0, 0);
  fast.wake_latency = {.count = 9000, .p50_ns = 1, .p99_ns = 2, .max_ns = 3};
  EXPECT_EQ(judge(config, {fast, slow}).verdict, Verdict::kPass);
  config.max_p99_wake_latency_ns = 5 * kMs - 1;
  const CheckRecord check = judge(config, {fast, slow});
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_EQ(check.observed,
            "p99 5.00 ms, median 1.00 ms, longest 9.00 ms (wake-ups: 200), worker 1 "
            "(spin, pid 0) of cgroup \"a\"");
}

TEST(MaxP99WakeLatency, is_inconclusive_where_nobody_measured_one) {
  ChecksConfig config;
  config.max_p99_wake_latency_ns = kMs;
  EXPECT_EQ(judge(config, {worker(0, 0, 0)}).verdict, Verdict::kInconclusive);
}

TEST(MinIterationRate, judges_the_slowest_worker_by_its_unfrozen_life) {
  ChecksConfig config;
  config.min_iteration_rate = 1000;
  WorkerRecord half = worker(0, 1, 0);
  half.iterations = 500;
  const CheckRecord check = judge(config, {worker(0, 0, 0), half});
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_TRUE(check.observed.starts_with("500 iterations in a second, worker 1")) << check.observed;
  half.frozen = {{.start_ns = 0, .end_ns = kSecond / 2}};
  EXPECT_EQ(judge(config, {worker(0, 0, 0), half}).verdict, Verdict::kPass);
}

TEST(MaxMigrationRatio, needs_iterations_to_divide_by) {
  ChecksConfig config;
  config.max_migration_ratio = 0.5;
  WorkerRecord mover = worker(0, 1, 0);
  mover.migrations = 500;
  EXPECT_EQ(judge(config, {worker(0, 0, 0), mover}).verdict, Verdict::kPass);
  mover.migrations = 501;
  EXPECT_EQ(judge(config, {worker(0, 0, 0), mover}).verdict, Verdict::kFail);
  WorkerRecord idle = worker(0, 2, 0);
  idle.iterations = 0;
  const CheckRecord check = judge(config, {worker(0, 0, 0), idle});
  EXPECT_EQ(check.verdict, Verdict::kInconclusive);
  EXPECT_NE(check.observed.find("0 migrations in 0"), std::string::npos) << check.observed;
  EXPECT_EQ(judge(config, {mover, idle}).verdict, Verdict::kFail);
}

TEST(RateChecks, skip_a_run_without_workers) {
  ChecksConfig config;
  config.min_iteration_rate = 1;
  EXPECT_EQ(judge(config, {}).verdict, Verdict::kSkip);
}

TEST(WakeLatency, has_percentiles_by_nearest_rank) {
  std::vector<std::int64_t> sample(200);
  std::iota(sample.rbegin(), sample.rend(), 1);
  const auto latency = summarize(sample, 5000);
  ASSERT_TRUE(latency);
  EXPECT_EQ(latency->count, 5000U);
  EXPECT_EQ(latency->p50_ns, 100);
  EXPECT_EQ(latency->p99_ns, 198);
  EXPECT_EQ(latency->max_ns, 200);
  const std::vector<std::int64_t> one = {7};
  EXPECT_EQ(summarize(one, 1)->p99_ns, 7);
  EXPECT_FALSE(summarize({}, 3));
}

} // namespace
} // namespace schedrig::engine
