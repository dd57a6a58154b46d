// SPDX-License-Identifier: MIT
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

constexpr More later(std::int64_t maximum) {
  return {.landed = Landed::kNo, .maximum = maximum};
}

constexpr std::array kChecksFields = {
    bool_key<&ChecksConfig::not_stuck>("not_stuck", "every worker made progress",
                                       {.default_value = "true"}),
    bool_key<&ChecksConfig::isolation>("isolation", "no worker ran outside its cpuset",
                                       {.default_value = "true"}),
    duration_key<&ChecksConfig::max_gap_ns>("max_gap", "longest time a worker may stand still",
                                            {.minimum = 1, .maximum = kHour}),
    number_key<&ChecksConfig::max_spread_pct>(
        "max_spread_pct", "largest difference of CPU shares in a group, in percent", later(100)),
    duration_key<&ChecksConfig::max_p99_wake_latency_ns>(
        "max_p99_wake_latency", "99th percentile of wake-up latency", later(kHour)),
    number_key<&ChecksConfig::min_iteration_rate>(
        "min_iteration_rate", "least iterations of a worker in a second", later(1'000'000'000)),
    number_key<&ChecksConfig::max_migration_ratio>(
        "max_migration_ratio", "most migrations for each iteration", later(1'000'000)),
    duration_key<&ChecksConfig::work_conservation_ns>(
        "work_conservation", "longest time a CPU may idle beside a waiting task", later(kHour)),
    later_key<ChecksConfig>("values", FieldKind::kTableList, "comparisons of captured values"),
};
static_assert(well_formed<ChecksConfig>(kChecksFields));

} // namespace

std::span<const Form> checks_forms() {
  return a_table<ChecksConfig, kChecksFields>();
}

void decode_checks(Decoder& decoder, const FieldInfo&, const Node& value, ChecksConfig& to) {
  decode_table<ChecksConfig>(decoder, value, "[checks]", kChecksFields, to);
}

} // namespace schedrig::config
