// SPDX-License-Identifier: MIT
#include <array>

#include "host/config/decode_kernel.hpp"
#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

constexpr More kLatency{.minimum = 1, .maximum = kHour};

void read_path(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  const auto path = decoder.string(info, value);
  if (path && !path->starts_with("snapshots.")) {
    decoder.error(value.pos, text::quote(*path) + " leads to nothing that is captured",
                  "snapshots.NAME and what is in it, with the name of a capture_snapshot");
  } else if (path) {
    to = *path;
  }
}

constexpr std::array kValueFields = {
    custom_key<&ValueCheck::path, read_path>("path", FieldKind::kString,
                                             "snapshots.NAME and what is in it, dotted", kRequired),
    custom_key<&ValueCheck::op, decode_compare_op>(
        "op", FieldKind::kString,
        "==, !=, <, <=, > or >=", {.required = true, .forms = compare_op_forms}),
    word64_key<&ValueCheck::value>("value", "what to compare with, unsigned", kRequired),
};
static_assert(well_formed<ValueCheck>(kValueFields));

void read_values(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<ValueCheck>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    to.emplace_back().pos = item.pos;
    decode_table<ValueCheck>(decoder, item, "a check of a value", kValueFields, to.back());
  }
}

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
    custom_key<&ChecksConfig::values, read_values>(
        "values", FieldKind::kTableList, "what captured values must be",
        {.forms = list_of<a_table<ValueCheck, kValueFields>>}),
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
