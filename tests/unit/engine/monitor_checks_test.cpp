// SPDX-License-Identifier: MIT
// What the checks make of samples, row after row.
#include <gtest/gtest.h>

#include "host/engine/monitor_checks.hpp"

namespace schedrig::engine {
namespace {

constexpr std::int64_t kMs = 1'000'000;

// Two CPUs, the second of which idles; every 10 ms.
class Samples {
 public:
  MonitorReading next() {
    at_ns_ += 10 * kMs;
    MonitorReading reading;
    reading.sample.at_ns = at_ns_;
    reading.sample.cpus = {
        {.cpu = 0, .nr_running = 2, .clock_ns = static_cast<std::uint64_t>(at_ns_)},
        {.cpu = 1, .idle = true}};
    reading.switches = {1, 1};
    reading.scene.at_ns = at_ns_;
    return reading;
  }
  MonitorReading with_waiter(std::int64_t waiting_ns, std::vector<std::uint32_t> allowed) {
    MonitorReading reading = next();
    reading.scene.tasks.push_back({.pid = 10,
                                   .comm = "spin",
                                   .sched_class = "ext",
                                   .waiting_ns = waiting_ns,
                                   .allowed = std::move(allowed),
                                   .queue = triage::Queue{}});
    return reading;
  }

 private:
  std::int64_t at_ns_ = 0;
};

CheckRecord named(const MonitorChecks& checks, const std::string& name) {
  for (const CheckRecord& record : checks.records()) {
    if (record.name == name) {
      return record;
    }
  }
  ADD_FAILURE() << "no record of " << name;
  return {};
}

TEST(MonitorChecks, a_burst_shorter_than_the_window_is_no_finding) {
  ChecksConfig config;
  config.max_dsq_depth = 4;
  config.sustained_samples = 3;
  Samples samples;
  MonitorChecks checks(config);
  for (const std::uint32_t depth : {9U, 9U, 1U, 9U, 9U, 4U}) {
    MonitorReading reading = samples.next();
    reading.sample.deepest = depth;
    checks.feed(reading);
  }
  EXPECT_EQ(named(checks, "max_dsq_depth").verdict, Verdict::kPass);
  for (int i = 0; i < 3; ++i) {
    MonitorReading reading = samples.next();
    reading.sample.deepest = 5;
    reading.sample.deepest_queue = "DSQ 7";
    checks.feed(reading);
  }
  const CheckRecord record = named(checks, "max_dsq_depth");
  EXPECT_EQ(record.verdict, Verdict::kFail);
  EXPECT_NE(record.observed.find("9.0 tasks"), std::string::npos) << record.observed;
}

TEST(MonitorChecks, fewer_samples_than_the_window_are_inconclusive) {
  ChecksConfig config;
  config.max_imbalance_ratio = 4;
  Samples samples;
  MonitorChecks checks(config);
  for (int i = 0; i < 4; ++i) {
    checks.feed(samples.next());
  }
  EXPECT_EQ(named(checks, "max_imbalance_ratio").verdict, Verdict::kInconclusive);
  checks.feed(samples.next());
  EXPECT_EQ(named(checks, "max_imbalance_ratio").verdict, Verdict::kPass) << "2 to 1";
}

TEST(MonitorChecks, an_idle_run_queue_counts_as_one_task) {
  ChecksConfig config;
  config.max_imbalance_ratio = 1.5;
  config.sustained_samples = 1;
  Samples samples;
  MonitorChecks checks(config);
  checks.feed(samples.next());
  EXPECT_EQ(named(checks, "max_imbalance_ratio").verdict, Verdict::kFail);
}

TEST(MonitorChecks, the_clock_of_an_idle_cpu_may_stand) {
  ChecksConfig config;
  config.stuck_clock = true;
  config.sustained_samples = 2;
  Samples samples;
  MonitorChecks checks(config);
  for (int i = 0; i < 4; ++i) {
    checks.feed(samples.next());
  }
  EXPECT_EQ(named(checks, "stuck_clock").verdict, Verdict::kPass);
  for (int i = 0; i < 3; ++i) {
    MonitorReading reading = samples.next();
    reading.sample.cpus[0].clock_ns = 7;
    checks.feed(reading);
  }
  EXPECT_EQ(named(checks, "stuck_clock").verdict, Verdict::kFail);
}

TEST(MonitorChecks, rates_are_of_the_time_between_two_samples) {
  ChecksConfig config;
  config.max_fallback_rate = 200;
  config.max_keep_last_rate = 100;
  config.sustained_samples = 2;
  Samples samples;
  MonitorChecks checks(config);
  for (std::uint64_t i = 0; i < 4; ++i) {
    MonitorReading reading = samples.next();
    // Two in 10 ms are 200 in a second, not more; the other is above.
    reading.sample.counters = {{"SCX_EV_SELECT_CPU_FALLBACK", 2 * i},
                               {"SCX_EV_DISPATCH_KEEP_LAST", 2 * i}};
    checks.feed(reading);
  }
  EXPECT_EQ(named(checks, "max_fallback_rate").verdict, Verdict::kPass);
  EXPECT_EQ(named(checks, "max_keep_last_rate").verdict, Verdict::kFail);
}

TEST(MonitorChecks, counters_that_the_kernel_lacks_are_inconclusive) {
  ChecksConfig config;
  config.max_fallback_rate = 200;
  Samples samples;
  MonitorChecks checks(config);
  for (int i = 0; i < 20; ++i) {
    checks.feed(samples.next());
  }
  EXPECT_EQ(named(checks, "max_fallback_rate").verdict, Verdict::kInconclusive);
}

TEST(WorkConservation, is_the_time_for_which_both_are_known_to_last) {
  ChecksConfig config;
  config.work_conservation_ns = 15 * kMs;
  Samples samples;
  MonitorChecks checks(config);
  EXPECT_EQ(checks.feed(samples.with_waiter(500 * kMs, {0, 1})), 0) << "it may idle since just now";
  EXPECT_EQ(checks.feed(samples.with_waiter(500 * kMs, {0, 1})), 0) << "10 ms";
  EXPECT_EQ(checks.feed(samples.with_waiter(5 * kMs, {0, 1})), 0) << "waits since just now";
  EXPECT_EQ(named(checks, "work_conservation").verdict, Verdict::kPass);
  EXPECT_EQ(checks.feed(samples.with_waiter(500 * kMs, {0, 1})), 10) << "30 ms";
  EXPECT_EQ(checks.feed(samples.with_waiter(500 * kMs, {0, 1})), 0) << "told once";
  const CheckRecord record = named(checks, "work_conservation");
  EXPECT_EQ(record.verdict, Verdict::kFail);
  EXPECT_NE(record.observed.find("CPU 1 idled beside spin[10]"), std::string::npos)
      << record.observed;
}

TEST(WorkConservation, is_not_of_cpus_that_the_task_may_not_use_or_that_switched) {
  ChecksConfig config;
  config.work_conservation_ns = 15 * kMs;
  Samples samples;
  MonitorChecks checks(config);
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(checks.feed(samples.with_waiter(500 * kMs, {0})), 0);
  }
  for (std::uint64_t i = 0; i < 10; ++i) {
    MonitorReading reading = samples.with_waiter(500 * kMs, {0, 1});
    reading.switches[1] = 100 + i;
    EXPECT_EQ(checks.feed(reading), 0) << "it ran something meanwhile";
  }
  EXPECT_EQ(named(checks, "work_conservation").verdict, Verdict::kPass);
}

TEST(LostTask, waits_on_no_queue_for_long) {
  const ChecksConfig config;
  Samples samples;
  MonitorChecks checks(config);
  MonitorReading reading = samples.with_waiter(3'000 * kMs, {0, 1});
  EXPECT_EQ(checks.feed(reading), 0) << "on a queue";
  reading.scene.tasks[0].queue.reset();
  reading.scene.tasks[0].sched_class = "fair";
  EXPECT_EQ(checks.feed(reading), 0) << "sched_ext has nothing to do with it";
  reading.scene.tasks[0].sched_class = "ext";
  EXPECT_EQ(checks.feed(reading), 10);
  EXPECT_EQ(named(checks, "lost_task").verdict, Verdict::kFail);
}

} // namespace
} // namespace schedrig::engine
