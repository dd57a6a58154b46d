// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/check_parts.hpp"
#include "host/engine/checks.hpp"

namespace schedrig::engine {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

WorkerRecord good_worker() {
  WorkerRecord worker;
  worker.cgroup = "a";
  worker.started = true;
  worker.completed = true;
  worker.work_units = 1000;
  worker.wall_ns = 10 * kSecond;
  worker.cpus_used = {0, 1};
  worker.cpus_permitted = {0, 1};
  worker.gaps = {{.start_ns = kSecond, .length_ns = kSecond / 100, .cpu = 1}};
  return worker;
}

Verdict verdict_of(const std::string& name, const ChecksConfig& config,
                   const std::vector<WorkerRecord>& workers) {
  for (const CheckRecord& check : evaluate_checks(config, workers)) {
    if (check.name == name) {
      return check.verdict;
    }
  }
  ADD_FAILURE() << "no check " << name;
  return Verdict::kError;
}

TEST(Isolation, looks_at_what_a_worker_did_since_it_had_a_cpuset) {
  WorkerRecord worker = good_worker();
  worker.cpus_used = {0, 1, 3};
  worker.cpus_since_limited = {0, 1};
  EXPECT_EQ(verdict_of("isolation", {}, {worker}), Verdict::kPass);
  worker.cpus_since_limited = {0, 3};
  EXPECT_EQ(verdict_of("isolation", {}, {worker}), Verdict::kFail);
}

TEST(UnfrozenLength, takes_off_what_the_scenario_froze) {
  const Gap gap = {.start_ns = 100, .length_ns = 100};
  EXPECT_EQ(unfrozen_length(gap, {}), 100);
  EXPECT_EQ(unfrozen_length(gap, {{.start_ns = 0, .end_ns = 100}}), 100);
  EXPECT_EQ(unfrozen_length(gap, {{.start_ns = 50, .end_ns = 150}}), 50);
  EXPECT_EQ(
      unfrozen_length(gap, {{.start_ns = 110, .end_ns = 120}, {.start_ns = 130, .end_ns = 150}}),
      70);
  EXPECT_EQ(unfrozen_length(gap, {{.start_ns = 0, .end_ns = 1000}}), 0);
}

TEST(NotStuck, passes_workers_that_work) {
  EXPECT_EQ(verdict_of("not_stuck", {}, {good_worker()}), Verdict::kPass);
}

TEST(NotStuck, fails_on_a_long_gap_but_not_on_a_freeze) {
  WorkerRecord worker = good_worker();
  worker.gaps = {{.start_ns = kSecond, .length_ns = kStuckNs}};
  EXPECT_EQ(verdict_of("not_stuck", {}, {good_worker(), worker}), Verdict::kFail);
  worker.frozen = {{.start_ns = kSecond, .end_ns = 2 * kSecond}};
  EXPECT_EQ(verdict_of("not_stuck", {}, {good_worker(), worker}), Verdict::kPass);
}

TEST(NotStuck, fails_on_no_work_in_a_long_life_only) {
  WorkerRecord worker = good_worker();
  worker.work_units = 0;
  worker.gaps.clear();
  EXPECT_EQ(verdict_of("not_stuck", {}, {worker}), Verdict::kFail);
  worker.wall_ns = kStuckNs - 1;
  EXPECT_EQ(verdict_of("not_stuck", {}, {worker}), Verdict::kPass);
}

TEST(NotStuck, fails_on_a_worker_that_had_to_be_killed) {
  WorkerRecord worker = good_worker();
  worker.completed = false;
  EXPECT_EQ(verdict_of("not_stuck", {}, {worker}), Verdict::kFail);
}

TEST(NotStuck, has_nothing_to_say_without_workers) {
  WorkerRecord never_started = good_worker();
  never_started.started = false;
  EXPECT_EQ(verdict_of("not_stuck", {}, {}), Verdict::kSkip);
  EXPECT_EQ(verdict_of("not_stuck", {}, {never_started}), Verdict::kSkip);
}

TEST(Isolation, fails_on_one_cpu_outside_and_names_it) {
  WorkerRecord worker = good_worker();
  worker.cpus_used = {0, 1, 3};
  const auto checks = evaluate_checks({}, {good_worker(), worker});
  EXPECT_EQ(checks[1].name, "isolation");
  EXPECT_EQ(checks[1].verdict, Verdict::kFail);
  EXPECT_NE(checks[1].observed.find("ran on CPU 3, permitted: 0-1"), std::string::npos)
      << checks[1].observed;
}

TEST(Isolation, does_not_judge_workers_without_a_cpuset) {
  WorkerRecord worker = good_worker();
  worker.cpus_permitted.clear();
  worker.cpus_used = {0, 7};
  EXPECT_EQ(verdict_of("isolation", {}, {worker}), Verdict::kSkip);
  EXPECT_EQ(verdict_of("isolation", {}, {worker, good_worker()}), Verdict::kPass);
}

TEST(MaxGap, compares_the_longest_and_is_inconclusive_without_a_measurement) {
  ChecksConfig config;
  config.max_gap_ns = kSecond / 100;
  EXPECT_EQ(verdict_of("max_gap", config, {good_worker()}), Verdict::kPass);
  config.max_gap_ns = kSecond / 100 - 1;
  EXPECT_EQ(verdict_of("max_gap", config, {good_worker()}), Verdict::kFail);
  WorkerRecord blind = good_worker();
  blind.gaps.clear();
  EXPECT_EQ(verdict_of("max_gap", config, {blind}), Verdict::kInconclusive);
  WorkerRecord killed = blind;
  killed.completed = false;
  config.max_gap_ns = kSecond / 100;
  EXPECT_EQ(verdict_of("max_gap", config, {good_worker(), killed}), Verdict::kInconclusive);
}

TEST(Checks, are_left_out_when_they_are_off) {
  ChecksConfig config;
  config.not_stuck = config.isolation = false;
  EXPECT_TRUE(evaluate_checks(config, {good_worker()}).empty());
}

} // namespace
} // namespace schedrig::engine
