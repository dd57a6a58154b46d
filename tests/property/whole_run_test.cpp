// SPDX-License-Identifier: MIT
// Random scenarios from their first step to their teardown: whatever happened in between, the
// machine is afterwards as it was before, and every worker is accounted for.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "host/engine/check_parts.hpp"
#include "host/engine/scenario_runner.hpp"
#include "tests/property/mock_rig.hpp"
#include "tests/property/random_scenario.hpp"

namespace schedrig::property {
namespace {

using engine::OpStatus;
using engine::RunReport;
using engine::WorkerRecord;

// Two seconds of a machine that is never overloaded by more than a few dozen tasks: who has not run
// in that time never will.
constexpr std::int64_t kLongLifeNs = 2'000'000'000;

void expect_failures_are_told(const RunReport& report) {
  for (const engine::StepRecord& step : report.steps) {
    bool failed = false;
    for (const engine::OpRecord& op : step.ops) {
      EXPECT_EQ(op.status == OpStatus::kNotRun, failed) << step.name << ", op " << op.index;
      EXPECT_EQ(op.status == OpStatus::kFailed, op.error.has_value());
      EXPECT_LE(op.start_ns, op.end_ns);
      if (op.error) {
        failed = true;
        EXPECT_FALSE(op.error->message.empty());
        EXPECT_NE(op.error->code, StatusCode::kInternal) << op.error->message;
        EXPECT_NE(op.error->code, StatusCode::kGuestFailed) << op.error->message;
      }
    }
    EXPECT_TRUE(!failed || report.cause) << "a failed op is the run's cause, or comes after it";
  }
}

void expect_workers_accounted_for(const RunReport& report) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const WorkerRecord& worker : report.workers) {
    EXPECT_TRUE(seen.insert({worker.group, worker.worker}).second) << "reported twice";
    EXPECT_LT(worker.group, report.next_group);
    EXPECT_TRUE(worker.completed) << engine::describe_worker(worker);
    EXPECT_LE(worker.cpu_ns, worker.wall_ns) << engine::describe_worker(worker);
    if (engine::unfrozen_life(worker) >= kLongLifeNs) {
      EXPECT_GT(worker.cpu_ns, 0) << engine::describe_worker(worker) << " never ran";
    }
    for (const std::uint32_t cpu : worker.cpus_since_limited.value_or(worker.cpus_used)) {
      EXPECT_TRUE(worker.cpus_permitted.empty() ||
                  std::ranges::binary_search(worker.cpus_permitted, cpu))
          << engine::describe_worker(worker) << " ran on CPU " << cpu;
    }
  }
}

void run_seed(std::uint64_t seed) {
  const std::string text = random_scenario(seed, {});
  SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + text);
  const Scenario scenario = decoded(text);
  MockRig rig(scenario);
  const std::string before = rig.remains();
  engine::run_steps(scenario, rig.session(), rig.observer(), rig.report());
  const RunReport& report = rig.report();
  EXPECT_FALSE(rig.session().lost());
  EXPECT_EQ(report.steps.size(), scenario.steps.size());
  expect_failures_are_told(report);
  expect_workers_accounted_for(report);
  EXPECT_EQ(report.payloads.size(), report.next_payload) << "payloads that started and ended";
  EXPECT_FALSE(report.backdrop.error) << report.backdrop.error->message;
  if (!rig.schedulers().attached().empty()) {
    EXPECT_TRUE(rig.schedulers().detach());
  }
  EXPECT_EQ(rig.remains(), before);
}

TEST(RandomRuns, leave_the_machine_as_it_was_and_lose_nobody) {
  constexpr std::uint64_t kSeeds = 1000; // a second or two
  for (std::uint64_t seed = 1; seed <= seed_count(kSeeds) && !HasFailure(); ++seed) {
    run_seed(seed);
  }
}

TEST(RandomRuns, are_the_same_for_the_same_seed) {
  const std::string text = random_scenario(7, {});
  EXPECT_EQ(text, random_scenario(7, {}));
  EXPECT_NE(text, random_scenario(8, {}));
  const Scenario scenario = decoded(text);
  std::vector<std::int64_t> ends;
  for (int i = 0; i < 2; ++i) {
    MockRig rig(scenario);
    engine::run_steps(scenario, rig.session(), rig.observer(), rig.report());
    ends.push_back(rig.report().backdrop.end_ns);
    for (const WorkerRecord& worker : rig.report().workers) {
      ends.back() = ends.back() * 31 + worker.cpu_ns;
    }
  }
  EXPECT_EQ(ends[0], ends[1]);
}

} // namespace
} // namespace schedrig::property
