// SPDX-License-Identifier: MIT
#include "host/config/decode_cpuset.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <schedrig/topology.hpp>

#include "host/config/readers.hpp"
#include "host/text/cpulist.hpp"

namespace schedrig::config {
namespace {

constexpr More kIndex{.required = true, .minimum = 0, .maximum = kMaxCpus - 1};
constexpr More kParts{.required = true, .minimum = 1, .maximum = kMaxCpus};
constexpr More kFraction{.required = true, .minimum = 0, .maximum = 1};

constexpr std::array kDisjointFields = {
    integer_key<&DisjointCpus::index>("index", "which part, from 0", kIndex),
    integer_key<&DisjointCpus::of>("of", "into how many parts the CPUs are divided", kParts),
};
constexpr std::array kOverlapFields = {
    integer_key<&OverlapCpus::index>("index", "which part, from 0", kIndex),
    integer_key<&OverlapCpus::of>("of", "into how many parts the CPUs are divided", kParts),
    number_key<&OverlapCpus::frac>("frac", "widening at both ends, as a fraction of the part",
                                   kFraction),
};

void check_part(Decoder& decoder, const Node& value, std::uint32_t index, std::uint32_t of) {
  if (index >= of) {
    decoder.error(value.pos,
                  "part " + std::to_string(index) + " of " + std::to_string(of) + " does not exist",
                  "parts are counted from 0: index must be less than of");
  }
}

template <class Part, auto kMember>
void read_index(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  Part part;
  if (const auto index = decoder.integer(info, value, 0, kMaxCpus - 1)) {
    part.*kMember = static_cast<std::uint32_t>(*index);
    to = part;
  }
}

void read_range(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  if (value.items.size() != 2) {
    decoder.error(value.pos, "range needs a start and an end", "write [0.25, 0.75]");
    return;
  }
  FieldInfo bound = info;
  bound.kind = FieldKind::kNumber;
  bound.maximum = 1;
  const auto start = decoder.number(bound, value.items[0]);
  const auto end = decoder.number(bound, value.items[1]);
  if (!start || !end) {
    return;
  }
  if (*start >= *end) {
    decoder.error(value.pos, "range is empty: its start is not below its end",
                  "write [0.25, 0.75]");
    return;
  }
  to = RangeCpus{*start, *end};
}

template <class Part>
void read_part(Decoder& decoder, std::string_view where, std::span<const Field<Part>> fields,
               const Node& value, CpusetSpec& to) {
  const std::size_t before = decoder.errors();
  Part part;
  decode_table<Part>(decoder, value, where, fields, part);
  if (decoder.errors() == before) {
    check_part(decoder, value, part.index, part.of);
  }
  to = part;
}

void read_disjoint(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  read_part<DisjointCpus>(decoder, info.key, kDisjointFields, value, to);
}

void read_overlap(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  read_part<OverlapCpus>(decoder, info.key, kOverlapFields, value, to);
}

void read_exact(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  ExactCpus exact;
  decode_cpus(decoder, info, value, exact.cpus);
  to = exact;
}

constexpr More kPlace{.minimum = 0, .maximum = kMaxCpus - 1};
constexpr Form kFractionForm{.kind = FieldKind::kNumber, .minimum = 0, .maximum = 1};
constexpr std::array kFractionForms = {kFractionForm};
constexpr std::array kRangeForms = {Form{.kind = FieldKind::kList,
                                         .items = as_forms<kFractionForms>,
                                         .least_items = 2,
                                         .most_items = 2}};

constexpr std::array kCpusetAlternatives = {
    Field<CpusetSpec>{make_info("llc", FieldKind::kInteger, "the CPUs of an LLC", kPlace),
                      &read_index<LlcCpus, &LlcCpus::llc>},
    Field<CpusetSpec>{make_info("numa", FieldKind::kInteger, "the CPUs of a NUMA node", kPlace),
                      &read_index<NumaCpus, &NumaCpus::node>},
    Field<CpusetSpec>{make_info("range", FieldKind::kList, "from and to, as fractions",
                                {.forms = as_forms<kRangeForms>}),
                      &read_range},
    Field<CpusetSpec>{make_info("disjoint", FieldKind::kTable, "one of several equal parts",
                                {.forms = a_table<DisjointCpus, kDisjointFields>}),
                      &read_disjoint},
    Field<CpusetSpec>{make_info("overlap", FieldKind::kTable, "a part, widened",
                                {.forms = a_table<OverlapCpus, kOverlapFields>}),
                      &read_overlap},
    Field<CpusetSpec>{
        make_info("exact", FieldKind::kChoice, "a list of CPUs", {.forms = a_cpulist}),
        &read_exact},
};

constexpr auto kRandomFields = std::array{
    integer_key<&RandomAffinity::count>("count", "CPUs to draw for each worker", kParts)};

void read_random(Decoder& decoder, const FieldInfo& info, const Node& value, AffinityIntent& to) {
  RandomAffinity random;
  decode_table<RandomAffinity>(decoder, value, info.key, kRandomFields, random);
  to = random;
}

void read_exact_affinity(Decoder& decoder, const FieldInfo& info, const Node& value,
                         AffinityIntent& to) {
  ExactAffinity exact;
  decode_cpus(decoder, info, value, exact.cpus);
  to = exact;
}

constexpr std::array kAffinityAlternatives = {
    Field<AffinityIntent>{make_info("random", FieldKind::kTable, "CPUs drawn by the seed",
                                    {.forms = a_table<RandomAffinity, kRandomFields>}),
                          &read_random},
    Field<AffinityIntent>{
        make_info("exact", FieldKind::kChoice, "a list of CPUs", {.forms = a_cpulist}),
        &read_exact_affinity},
};

enum class AffinityWord : std::uint8_t { kInherit, kLlc, kCrossCgroup, kSingleCpu, kSmtPair };
constexpr std::array kAffinityWords = {
    Word{"inherit", AffinityWord::kInherit},          Word{"llc", AffinityWord::kLlc},
    Word{"cross_cgroup", AffinityWord::kCrossCgroup}, Word{"single_cpu", AffinityWord::kSingleCpu},
    Word{"smt_pair", AffinityWord::kSmtPair},
};

AffinityIntent intent_of(AffinityWord word) {
  switch (word) {
  case AffinityWord::kInherit:
    return InheritAffinity{};
  case AffinityWord::kLlc:
    return LlcAffinity{};
  case AffinityWord::kCrossCgroup:
    return CrossCgroupAffinity{};
  case AffinityWord::kSingleCpu:
    return SingleCpuAffinity{};
  case AffinityWord::kSmtPair:
    return SmtPairAffinity{};
  }
  return InheritAffinity{};
}

constexpr std::array kMemPolicyWords = {
    Word{"default", MemPolicyMode::kDefault},
    Word{"local", MemPolicyMode::kLocal},
};

template <MemPolicyMode kMode>
void read_nodes(Decoder& decoder, const FieldInfo& info, const Node& value, MemPolicy& to) {
  to.mode = kMode;
  decode_cpus(decoder, info, value, to.nodes);
}

constexpr More kNodes{.forms = a_cpulist};
constexpr std::array kMemPolicyAlternatives = {
    Field<MemPolicy>{make_info("bind", FieldKind::kList, "only these nodes", kNodes),
                     &read_nodes<MemPolicyMode::kBind>},
    Field<MemPolicy>{make_info("preferred", FieldKind::kList, "this node first", kNodes),
                     &read_nodes<MemPolicyMode::kPreferred>},
    Field<MemPolicy>{
        make_info("interleave", FieldKind::kList, "page by page over these nodes", kNodes),
        &read_nodes<MemPolicyMode::kInterleave>},
    Field<MemPolicy>{make_info("preferred_many", FieldKind::kList, "these nodes first", kNodes),
                     &read_nodes<MemPolicyMode::kPreferredMany>},
    Field<MemPolicy>{make_info("weighted_interleave", FieldKind::kList,
                               "over these nodes by their weights", kNodes),
                     &read_nodes<MemPolicyMode::kWeightedInterleave>},
};

static_assert(well_formed<DisjointCpus>(kDisjointFields));
static_assert(well_formed<OverlapCpus>(kOverlapFields));
static_assert(well_formed<CpusetSpec>(kCpusetAlternatives));
static_assert(well_formed<AffinityIntent>(kAffinityAlternatives));
static_assert(well_formed<MemPolicy>(kMemPolicyAlternatives));

constexpr std::array kAffinityForms = {
    Form{.kind = FieldKind::kString, .words = words_of<kAffinityWords>},
    kOneKeyForm<AffinityIntent, kAffinityAlternatives>,
};
constexpr std::array kMemPolicyForms = {
    Form{.kind = FieldKind::kString, .words = words_of<kMemPolicyWords>},
    kOneKeyForm<MemPolicy, kMemPolicyAlternatives>,
};

} // namespace

std::span<const Form> cpuset_forms() {
  static constexpr Form kForm{.kind = FieldKind::kTable,
                              .name = "cpuset",
                              .keys = keys_of_table<CpusetSpec, kCpusetAlternatives>,
                              .one_key = true};
  return {&kForm, 1};
}

std::span<const Form> affinity_forms() {
  return kAffinityForms;
}

std::span<const Form> mem_policy_forms() {
  return kMemPolicyForms;
}

void decode_cpus(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<std::uint32_t>& to) {
  std::vector<std::uint32_t> cpus;
  if (value.type == NodeType::kString) {
    auto parsed = text::parse_cpulist(value.text);
    if (!parsed) {
      decoder.error(value.pos, parsed.error().message, parsed.error().help);
      return;
    }
    cpus = *std::move(parsed);
  } else if (value.type == NodeType::kArray) {
    FieldInfo item_info = info;
    item_info.kind = FieldKind::kInteger;
    for (const Node& item : value.items) {
      const auto cpu = decoder.integer(item_info, item, 0, kMaxCpus - 1);
      if (!cpu) {
        return;
      }
      cpus.push_back(static_cast<std::uint32_t>(*cpu));
    }
    std::ranges::sort(cpus);
    const auto repeated = std::ranges::unique(cpus);
    cpus.erase(repeated.begin(), repeated.end());
  } else {
    decoder.error(value.pos,
                  std::string(info.key) + " must be a list, not " +
                      std::string(describe(value.type)),
                  "write \"0-3,8\" or [0, 1, 2, 3, 8]");
    return;
  }
  if (cpus.empty()) {
    decoder.error(value.pos, std::string(info.key) + " is empty", "write \"0-3,8\"");
    return;
  }
  if (cpus.back() >= kMaxCpus) {
    decoder.error(value.pos, std::string(info.key) + " has " + std::to_string(cpus.back()) +
                                 ", above the limit of " + std::to_string(kMaxCpus - 1));
    return;
  }
  to = std::move(cpus);
}

void decode_cpuset(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to) {
  decode_choice<CpusetSpec>(decoder, value, info.key, kCpusetAlternatives, to);
}

void decode_affinity(Decoder& decoder, const FieldInfo& info, const Node& value,
                     AffinityIntent& to) {
  if (value.type != NodeType::kString) {
    decode_choice<AffinityIntent>(decoder, value, info.key, kAffinityAlternatives, to);
    return;
  }
  if (const auto word = decoder.word<AffinityWord>(info, value, kAffinityWords)) {
    to = intent_of(*word);
  }
}

void decode_mem_policy(Decoder& decoder, const FieldInfo& info, const Node& value, MemPolicy& to) {
  if (value.type != NodeType::kString) {
    decode_choice<MemPolicy>(decoder, value, info.key, kMemPolicyAlternatives, to);
    return;
  }
  if (const auto mode = decoder.word<MemPolicyMode>(info, value, kMemPolicyWords)) {
    to.mode = *mode;
  }
}

} // namespace schedrig::config
