// SPDX-License-Identifier: MIT
// Worker groups: types, counts, the parameters of each. Every type is accepted; a backend that does
// not have one refuses it by name.
#include <algorithm>
#include <array>

#include <schedrig/tasks.hpp>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_cpuset.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

std::vector<Word<WorkType>> type_words() {
  std::vector<Word<WorkType>> words;
  for (const WorkTypeInfo& type : work_types()) {
    words.push_back({type.name, type.type});
  }
  return words;
}

std::span<const Form> type_forms() {
  static constexpr Form kForm{.words = [] {
    std::vector<WordInfo> words;
    for (const auto& word : type_words()) {
      words.push_back({word.text});
    }
    return words;
  }};
  return {&kForm, 1};
}

void read_type(Decoder& decoder, const FieldInfo& info, const Node& value, WorkType& to) {
  const auto words = type_words();
  if (const auto type = decoder.word<WorkType>(info, value, words)) {
    to = *type;
  }
}

constexpr std::array kPolicies = {
    Word{"normal", SchedClass::kNormal},
    Word{"batch", SchedClass::kBatch},
    Word{"idle", SchedClass::kIdle},
};

void read_policy(Decoder& decoder, const FieldInfo& info, const Node& value, SchedClass& to) {
  if (const auto policy = decoder.word<SchedClass>(info, value, kPolicies)) {
    to = *policy;
  }
}

template <PhaseKind kKind>
void read_phase(Decoder& decoder, const FieldInfo& info, const Node& value, WorkPhase& to) {
  if (const auto duration = decoder.duration(info, value)) {
    to = {kKind, *duration};
  }
}

// An hour: longer than any run has been; the sum over a loop cannot overflow.
constexpr std::int64_t kLongestPart = 3'600'000'000'000;
constexpr std::uint64_t kLeastFootprint = 64; // a cache line
// Of one cycle: a million products or page faults take seconds.
constexpr std::int64_t kMostTimes = 1'000'000;
constexpr More kPart{.minimum = 1, .maximum = kLongestPart};

constexpr std::array kPhaseAlternatives = {
    Field<WorkPhase>{make_info("spin", FieldKind::kDuration, "use the CPU", kPart),
                     &read_phase<PhaseKind::kSpin>},
    Field<WorkPhase>{make_info("sleep", FieldKind::kDuration, "sleep", kPart),
                     &read_phase<PhaseKind::kSleep>},
    Field<WorkPhase>{
        make_info("yield", FieldKind::kDuration, "yield the CPU again and again", kPart),
        &read_phase<PhaseKind::kYield>},
    Field<WorkPhase>{make_info("io", FieldKind::kDuration, "write to a file", kPart),
                     &read_phase<PhaseKind::kIo>},
};

void read_phases(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<WorkPhase>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  if (value.items.empty() || value.items.size() > kMaxPhases) {
    decoder.error(value.pos, std::to_string(value.items.size()) + " phases",
                  "a sequence has 1 to " + std::to_string(kMaxPhases));
    return;
  }
  for (const Node& item : value.items) {
    decode_choice<WorkPhase>(decoder, item, "a phase", kPhaseAlternatives, to.emplace_back());
  }
}

void read_workers_pct(Decoder& decoder, const FieldInfo& info, const Node& value,
                      std::optional<double>& to) {
  const auto percent = decoder.number(info, value);
  if (percent && *percent <= 0) {
    decoder.error(value.pos, "workers_pct is 0: no workers", "more than 0, at most 10000");
  } else if (percent) {
    to = percent;
  }
}

constexpr std::array kWorkFields = {
    custom_key<&WorkGroup::type, read_type>("type", FieldKind::kString, "what its workers do",
                                            {.required = true, .forms = type_forms}),
    integer_key<&WorkGroup::workers>(
        "workers", "how many, a multiple of the type's group size; one group by default",
        {.minimum = 1, .maximum = kMaxWorkersPerGroup}),
    custom_key<&WorkGroup::workers_pct, read_workers_pct>(
        "workers_pct", FieldKind::kNumber,
        "how many, in percent of the cpuset's CPUs, rounded up to whole groups",
        {.minimum = 0, .maximum = 10'000}),
    duration_key<&WorkGroup::burst_ns>("burst",
                                       "bursty, idle_churn: CPU time of a burst; 50ms, 1ms",
                                       {.minimum = 1, .maximum = kLongestPart}),
    duration_key<&WorkGroup::sleep_ns>(
        "sleep", "bursty, idle_churn, io_sync, fan_out_compute: 100ms, 5ms, 100us, 100us",
        {.minimum = 1, .maximum = kLongestPart}),
    integer_key<&WorkGroup::burst_iterations>(
        "burst_iterations", "units of work before what the type is about; docs/reference/work.md",
        {.minimum = 1, .maximum = UINT32_MAX}),
    integer_key<&WorkGroup::hold_iterations>(
        "hold_iterations", "mutex_contention: units of work with the lock held",
        {.default_value = "1", .minimum = 1, .maximum = UINT32_MAX}),
    integer_key<&WorkGroup::fan_out>("fan_out",
                                     "futex_fan_out, fan_out_compute: receivers of each messenger",
                                     {.default_value = "4", .minimum = 1, .maximum = kMaxFanOut}),
    integer_key<&WorkGroup::contenders>(
        "contenders", "mutex_contention: workers of each lock",
        {.default_value = "4", .minimum = 1, .maximum = kMaxFanOut}),
    size_key<&WorkGroup::footprint_bytes>(
        "footprint", "memory that cache_*, fan_out_compute, page_fault_churn use, io_sync writes"),
    integer_key<&WorkGroup::stride_bytes>(
        "stride", "cache_*: bytes from one write to the next",
        {.default_value = "64", .minimum = 1, .maximum = UINT32_MAX}),
    integer_key<&WorkGroup::operations>(
        "operations", "fan_out_compute: products of matrices for each wake-up",
        {.default_value = "5", .minimum = 1, .maximum = kMostTimes}),
    integer_key<&WorkGroup::touches>("touches", "page_fault_churn: random writes of a cycle",
                                     {.default_value = "256", .minimum = 1, .maximum = kMostTimes}),
    bool_key<&WorkGroup::precise_timing>("precise_timing",
                                         "bursty, idle_churn: sleeps without timer slack",
                                         {.default_value = "false"}),
    custom_key<&WorkGroup::phases, read_phases>(
        "phases", FieldKind::kTableList, "sequence: what it does in turn; spin, sleep, yield, io",
        {.forms = list_of<one_key<WorkPhase, kPhaseAlternatives>>}),
    integer_key<&WorkGroup::nice>("nice", "nice level of each worker",
                                  {.default_value = "0", .minimum = -20, .maximum = 19}),
    custom_key<&WorkGroup::policy, read_policy>(
        "policy", FieldKind::kString, "scheduling policy: normal, batch, idle",
        {.default_value = "normal", .forms = one_word<kPolicies>}),
    custom_key<&WorkGroup::affinity, decode_affinity>(
        "affinity", FieldKind::kChoice, "the CPUs each worker asks for",
        {.default_value = "inherit", .forms = affinity_forms}),
    custom_key<&WorkGroup::mem_policy, decode_mem_policy>(
        "mem_policy", FieldKind::kChoice, "NUMA memory policy",
        {.default_value = "default", .forms = mem_policy_forms}),
};
static_assert(well_formed<WorkPhase>(kPhaseAlternatives));
static_assert(well_formed<WorkGroup>(kWorkFields));

void check_count(Decoder& decoder, const Node& value, const WorkGroup& group) {
  const Node* workers = value.find("workers");
  const Node* percent = value.find("workers_pct");
  for (const std::string_view key : {"workers", "fan_out", "contenders"}) {
    if (!decoder.sound(value.find(key))) {
      return;
    }
  }
  if (workers != nullptr && percent != nullptr) {
    decoder.error(percent->pos, "workers and workers_pct both say how many", "leave one out");
    return;
  }
  const WorkTypeInfo& type = work_type_info(group.type);
  const std::uint32_t multiple = work_group_size(group.type, group.fan_out, group.contenders);
  if (workers != nullptr && group.workers && *group.workers % multiple != 0) {
    decoder.error(workers->pos,
                  std::to_string(*group.workers) + " workers for " + text::quote(type.name),
                  "its workers come in groups of " + std::to_string(multiple));
  }
}

struct Parameter {
  std::string_view key;
  WorkParam bit;
};
constexpr std::array kParameters = {
    Parameter{"burst", kParamBurst},
    Parameter{"sleep", kParamSleep},
    Parameter{"burst_iterations", kParamBurstIterations},
    Parameter{"hold_iterations", kParamHoldIterations},
    Parameter{"fan_out", kParamFanOut},
    Parameter{"contenders", kParamContenders},
    Parameter{"footprint", kParamFootprint},
    Parameter{"stride", kParamStride},
    Parameter{"operations", kParamOperations},
    Parameter{"touches", kParamTouches},
    Parameter{"precise_timing", kParamPreciseTiming},
    Parameter{"phases", kParamPhases},
};

std::string types_with(WorkParam bit) {
  std::string names;
  for (const WorkTypeInfo& type : work_types()) {
    if ((type.params & bit) != 0) {
      names += (names.empty() ? "" : ", ") + text::quote(type.name);
    }
  }
  return names;
}

// A parameter that its type does not look at is a mistake, not a wish.
void check_parameters(Decoder& decoder, const Node& value, const WorkGroup& group) {
  const WorkTypeInfo& type = work_type_info(group.type);
  for (const Member& member : value.members) {
    const auto parameter = std::ranges::find(kParameters, member.key, &Parameter::key);
    if (parameter != kParameters.end() && (type.params & parameter->bit) == 0) {
      decoder.error(member.key_pos,
                    text::quote(member.key) + " means nothing to the work type " +
                        text::quote(type.name),
                    "it belongs to " + types_with(parameter->bit));
    }
  }
  if ((type.params & kParamPhases) != 0 && group.phases.empty() &&
      decoder.sound(value.find("phases"))) {
    decoder.error(value.pos, "a sequence without phases",
                  "phases = [ { spin = \"1ms\" }, { sleep = \"2ms\" } ]");
  }
  if (!decoder.sound(value.find("footprint")) || !decoder.sound(value.find("stride"))) {
    return;
  }
  if ((type.params & kParamFootprint) != 0 &&
      (group.footprint_bytes < kLeastFootprint || group.footprint_bytes > kMaxFootprintBytes)) {
    decoder.error(value.pos, "a footprint of " + std::to_string(group.footprint_bytes) + " bytes",
                  "64 bytes to 1GiB");
  } else if ((type.params & kParamStride) != 0 && group.stride_bytes > group.footprint_bytes) {
    decoder.error(value.pos, "the stride is longer than the footprint", "at most the footprint");
  }
}

// Of the named type, before the table is read: what it leaves out stays.
void set_defaults(const Node& value, WorkGroup& to) {
  const Node* name = value.find("type");
  const auto type = std::ranges::find_if(work_types(), [&](const WorkTypeInfo& each) {
    return name != nullptr && name->type == NodeType::kString && each.name == name->text;
  });
  if (type == work_types().end()) {
    return;
  }
  const WorkSpec spec = default_work(type->type);
  to.burst_ns = spec.burst_ns;
  to.sleep_ns = spec.sleep_ns;
  to.burst_iterations = spec.burst_iterations;
  to.footprint_bytes = spec.footprint_bytes;
}

} // namespace

std::span<const Form> work_forms() {
  static constexpr Form kForm{
      .kind = FieldKind::kTable, .name = "work", .keys = keys_of_table<WorkGroup, kWorkFields>};
  return {&kForm, 1};
}

void decode_work(Decoder& decoder, const FieldInfo&, const Node& value, WorkGroup& to) {
  to.pos = value.pos;
  decoder.remember(value);
  set_defaults(value, to);
  decode_table<WorkGroup>(decoder, value, "work", kWorkFields, to);
  const Node* type = value.find("type");
  if (type != nullptr && decoder.sound(type)) {
    check_count(decoder, value, to);
    check_parameters(decoder, value, to);
  }
}

} // namespace schedrig::config
