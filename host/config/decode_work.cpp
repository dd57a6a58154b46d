// SPDX-License-Identifier: MIT
// Worker groups: types, counts, the parameters of each. Which types and parameters an engine can
// run is said here and nowhere else.
#include <algorithm>
#include <array>

#include <schedrig/tasks.hpp>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_cpuset.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kLandedTypes = {WorkType::kSpin, WorkType::kYield, WorkType::kBursty,
                                     WorkType::kPipeIo};

std::vector<Word<WorkType>> type_words() {
  std::vector<Word<WorkType>> words;
  for (const WorkTypeInfo& type : work_types()) {
    const bool landed = std::ranges::find(kLandedTypes, type.type) != kLandedTypes.end();
    words.push_back({type.name, type.type, landed ? Landed::kYes : Landed::kNo});
  }
  return words;
}

std::span<const Form> type_forms() {
  static constexpr Form kForm{.words = [] {
    std::vector<WordInfo> words;
    for (const auto& word : type_words()) {
      words.push_back({word.text, word.landed});
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
constexpr More kPart{.minimum = 0, .maximum = kLongestPart};

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
    duration_key<&WorkGroup::burst_ns>(
        "burst", "bursty: CPU time of a burst",
        {.default_value = "50ms", .minimum = 1, .maximum = kLongestPart}),
    duration_key<&WorkGroup::sleep_ns>(
        "sleep", "bursty: sleep after a burst",
        {.default_value = "100ms", .minimum = 0, .maximum = kLongestPart}),
    integer_key<&WorkGroup::burst_iterations>(
        "burst_iterations", "pipe_io: units of work before each exchange",
        {.default_value = "1024", .minimum = 1, .maximum = UINT32_MAX}),
    custom_key<&WorkGroup::phases, read_phases>(
        "phases", FieldKind::kTableList, "sequence: what it does in turn",
        {.landed = Landed::kNo, .forms = list_of<one_key<WorkPhase, kPhaseAlternatives>>}),
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
  if (workers != nullptr && percent != nullptr) {
    decoder.error(percent->pos, "workers and workers_pct both say how many", "leave one out");
    return;
  }
  const WorkTypeInfo& type = work_type_info(group.type);
  if (workers != nullptr && group.workers && *group.workers % type.group_size != 0) {
    decoder.error(workers->pos,
                  std::to_string(*group.workers) + " workers for " + text::quote(type.name),
                  "its workers come in groups of " + std::to_string(type.group_size));
  }
}

// A parameter that its type does not look at is a mistake, not a wish.
void check_parameters(Decoder& decoder, const Node& value, const WorkGroup& group) {
  struct Owner {
    std::string_view key;
    WorkType type;
  };
  constexpr std::array kOwners = {
      Owner{"burst", WorkType::kBursty},
      Owner{"sleep", WorkType::kBursty},
      Owner{"burst_iterations", WorkType::kPipeIo},
      Owner{"phases", WorkType::kSequence},
  };
  for (const Member& member : value.members) {
    const auto owner = std::ranges::find(kOwners, member.key, &Owner::key);
    if (owner != kOwners.end() && owner->type != group.type) {
      decoder.error(member.key_pos,
                    text::quote(member.key) + " means nothing to the work type " +
                        text::quote(work_type_info(group.type).name),
                    "it belongs to " + text::quote(work_type_info(owner->type).name));
    }
  }
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
  const std::size_t before = decoder.errors();
  decode_table<WorkGroup>(decoder, value, "work", kWorkFields, to);
  if (value.type == NodeType::kTable && decoder.errors() == before) {
    check_count(decoder, value, to);
    check_parameters(decoder, value, to);
  }
}

} // namespace schedrig::config
