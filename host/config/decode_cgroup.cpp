// SPDX-License-Identifier: MIT
#include "host/config/decode_cgroup.hpp"

#include <algorithm>
#include <array>

#include "host/config/decode_cpuset.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// cgroup-v2.rst: cpu.weight and io.weight are in [1, 10000], 100 by default.
constexpr More kWeight{.default_value = "100", .minimum = 1, .maximum = 10'000};
// kernel/sched/core.c, 6.18: max_bw_quota_period_us 1 s, min_bw_quota_period_us 1 ms for both
// quota and period.
constexpr More kCpuMaxPeriod{
    .default_value = "100ms", .minimum = 1'000'000, .maximum = 1'000'000'000};
constexpr More kCpuMaxQuota{.required = true, .minimum = 1'000'000, .maximum = 3'600'000'000'000};

constexpr std::array kCpuMaxFields = {
    duration_key<&CpuMax::quota_ns>("quota", "CPU time in a period (cpu.max)", kCpuMaxQuota),
    duration_key<&CpuMax::period_ns>("period", "length of a period (cpu.max)", kCpuMaxPeriod),
};

void read_cpu_max(Decoder& decoder, const FieldInfo& info, const Node& value,
                  std::optional<CpuMax>& to) {
  CpuMax max;
  decode_table<CpuMax>(decoder, value, info.key, kCpuMaxFields, max);
  to = max;
}

constexpr std::array kCpuFields = {
    integer_key<&CgroupDef::cpu_weight>("weight", "share of CPU time (cpu.weight)", kWeight),
    custom_key<&CgroupDef::cpu_max, read_cpu_max>("max", FieldKind::kTable,
                                                  "limit of CPU time (cpu.max)",
                                                  {.forms = a_table<CpuMax, kCpuMaxFields>}),
};
constexpr std::array kMemoryFields = {
    size_key<&CgroupDef::memory_max>("max", "hard limit (memory.max)"),
    size_key<&CgroupDef::memory_high>("high", "throttling limit (memory.high)"),
};
constexpr std::array kIoFields = {
    integer_key<&CgroupDef::io_weight>("weight", "share of disk time (io.weight)", kWeight),
};
constexpr std::array kPidsFields = {
    integer_key<&CgroupDef::pids_max>("max", "limit of tasks (pids.max)",
                                      {.minimum = 1, .maximum = 4'194'304}), // PID_MAX_LIMIT
};

template <auto& kFields>
void read_controller(Decoder& decoder, const FieldInfo& info, const Node& value, CgroupDef& to) {
  decode_table<CgroupDef>(decoder, value, info.key, kFields, to);
}

template <auto& kFields>
constexpr Field<CgroupDef> controller_key(std::string_view key, std::string_view doc) {
  return {make_info(key, FieldKind::kTable, doc, {.forms = a_table<CgroupDef, kFields>}),
          &read_controller<kFields>};
}

void read_works(Decoder& decoder, const FieldInfo& info, const Node& value,
                std::vector<WorkGroup>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    decode_work(decoder, info, item, to.emplace_back());
  }
}

void read_cpuset(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::optional<CpusetSpec>& to) {
  CpusetSpec spec;
  decode_cpuset(decoder, info, value, spec);
  to = spec;
}

constexpr std::array kCgroupFields = {
    custom_key<&CgroupDef::name, decode_cgroup_name>(
        "name", FieldKind::kString, "the cgroup's name, unique while it lives",
        {.required = true, .forms = cgroup_name_forms}),
    custom_key<&CgroupDef::cpuset, read_cpuset>("cpuset", FieldKind::kTable,
                                                "the CPUs it may use; all by default",
                                                {.forms = cpuset_forms}),
    controller_key<kCpuFields>("cpu", "weight and limit of CPU time"),
    controller_key<kMemoryFields>("memory", "limits of memory"),
    controller_key<kIoFields>("io", "weight of disk time"),
    controller_key<kPidsFields>("pids", "limit of tasks"),
    bool_key<&CgroupDef::swappable>(
        "swappable", "a matrix may replace its work type",
        {.default_value = "false", .landed = Landed::kNo, .needs = "[matrix], which replaces it"}),
    custom_key<&CgroupDef::work, read_works>("work", FieldKind::kTableList,
                                             "its worker groups; none by default",
                                             {.forms = list_of<work_forms>}),
    string_key<&CgroupDef::payload>("payload", "a declared payload to run in it"),
};

static_assert(well_formed<CpuMax>(kCpuMaxFields));
static_assert(well_formed<CgroupDef>(kCpuFields));
static_assert(well_formed<CgroupDef>(kMemoryFields));
static_assert(well_formed<CgroupDef>(kIoFields));
static_assert(well_formed<CgroupDef>(kPidsFields));
static_assert(well_formed<CgroupDef>(kCgroupFields));

bool usable_in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

} // namespace

std::span<const Form> cgroup_name_forms() {
  static constexpr Form kForm{.kind = FieldKind::kString,
                              .pattern = "[A-Za-z0-9_-]{1,64}",
                              .noun = "a name of 1 to 64 letters, digits, _ and -"};
  return {&kForm, 1};
}

std::span<const Form> cgroup_forms() {
  static constexpr Form kForm{
      .kind = FieldKind::kTable, .name = "cgroup", .keys = keys_of_table<CgroupDef, kCgroupFields>};
  return {&kForm, 1};
}

void decode_cgroup_name(Decoder& decoder, const FieldInfo& info, const Node& value,
                        std::string& to) {
  constexpr std::size_t kLongest = 64; // of NAME_MAX 255, and readable in a report
  const auto name = decoder.string(info, value);
  if (!name) {
    return;
  }
  if (name->empty() || name->size() > kLongest || !std::ranges::all_of(*name, usable_in_a_name)) {
    decoder.error(value.pos, text::quote(*name) + " is no name for a cgroup",
                  "1 to 64 letters, digits, '_' and '-'");
    return;
  }
  to = *name;
}

void decode_cgroup_def(Decoder& decoder, const FieldInfo& info, const Node& value, CgroupDef& to) {
  to.pos = value.pos;
  decoder.remember(value);
  decode_table<CgroupDef>(decoder, value, info.key == "def" ? "def" : "a cgroup", kCgroupFields,
                          to);
  if (to.name.empty()) {
    decoder.lost().lose(value, "name");
  }
}

void decode_cgroup_defs(Decoder& decoder, const FieldInfo& info, const Node& value,
                        std::vector<CgroupDef>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    decoder.lost().lose(value, "name");
    return;
  }
  for (const Node& item : value.items) {
    decode_cgroup_def(decoder, info, item, to.emplace_back());
  }
}

} // namespace schedrig::config
