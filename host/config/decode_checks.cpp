// SPDX-License-Identifier: MIT
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/decode_value_check.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

constexpr More kLatency{.minimum = 1, .maximum = kHour};

constexpr std::array kChecksFields = {
    bool_key<&ChecksConfig::not_stuck>("not_stuck", "every worker made progress",
                                       {.default_value = "true"}),
    bool_key<&ChecksConfig::isolation>("isolation", "no worker ran outside its cpuset",
                                       {.default_value = "true"}),
    bool_key<&ChecksConfig::kernel_log>("kernel_log",
                                        "the kernel printed no panic, WARN, BUG, stall, ...",
                                        {.default_value = "true"}),
    duration_key<&ChecksConfig::max_gap_ns>("max_gap", "longest time a worker may stand still",
                                            {.minimum = 1, .maximum = kHour}),
    number_key<&ChecksConfig::max_spread_pct>(
        "max_spread_pct", "largest difference of CPU shares in a worker group, in percent",
        {.maximum = 100}),
    duration_key<&ChecksConfig::max_p99_wake_latency_ns>(
        "max_p99_wake_latency", "99th percentile of a worker's wake-up latencies", kLatency),
    number_key<&ChecksConfig::min_iteration_rate>("min_iteration_rate",
                                                  "least iterations of a worker in a second",
                                                  {.maximum = 1'000'000'000}),
    number_key<&ChecksConfig::max_migration_ratio>("max_migration_ratio",
                                                   "most migrations of a worker for each iteration",
                                                   {.maximum = 1'000'000}),
    duration_key<&ChecksConfig::work_conservation_ns>(
        "work_conservation", "longest time a CPU may idle beside a waiting task", kLatency),
    number_key<&ChecksConfig::max_imbalance_ratio>(
        "max_imbalance_ratio", "most tasks on the busiest run queue for each on the idlest",
        {.minimum = 1, .maximum = 1'000'000}),
    integer_key<&ChecksConfig::max_dsq_depth>("max_dsq_depth", "most tasks in one dispatch queue",
                                              {.minimum = 1, .maximum = 1'000'000}),
    bool_key<&ChecksConfig::stuck_clock>(
        "stuck_clock", "the clock of a busy run queue stands still", {.default_value = "false"}),
    number_key<&ChecksConfig::max_fallback_rate>(
        "max_fallback_rate", "most CPUs a second that the kernel chose for the scheduler",
        {.maximum = 1'000'000'000}),
    number_key<&ChecksConfig::max_keep_last_rate>(
        "max_keep_last_rate", "most turns a second that went on for want of another task",
        {.maximum = 1'000'000'000}),
    bool_key<&ChecksConfig::lost_task>("lost_task",
                                       "no task waits on no queue; where there is a monitor",
                                       {.default_value = "true"}),
    integer_key<&ChecksConfig::sustained_samples>(
        "sustained_samples", "the monitor's samples in a row that make a finding",
        {.default_value = "5", .minimum = 1, .maximum = 10'000}),
    custom_key<&ChecksConfig::values, decode_run_value_checks>(
        "values", FieldKind::kList, "what captured values must be", {.forms = value_check_forms}),
};
static_assert(well_formed<ChecksConfig>(kChecksFields));

} // namespace

std::span<const Form> checks_forms() {
  return a_table<ChecksConfig, kChecksFields>();
}

void decode_checks(Decoder& decoder, const FieldInfo&, const Node& value, ChecksConfig& to) {
  to.pos = value.pos;
  decode_table<ChecksConfig>(decoder, value, "[checks]", kChecksFields, to);
}

} // namespace schedrig::config
