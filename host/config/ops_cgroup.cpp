// SPDX-License-Identifier: MIT
// Field tables of the ops on cgroups and workers, in the order of OpBody.
#include <array>
#include <string>
#include <utility>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_cpuset.hpp"
#include "host/config/decode_ops.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

// Every op that names a cgroup names it alike.
template <auto kMember>
constexpr Field<OwnerOf<kMember>> cgroup_key(std::string_view key, std::string_view doc) {
  return custom_key<kMember, decode_cgroup_name>(key, FieldKind::kString, doc,
                                                 {.required = true, .forms = cgroup_name_forms});
}

constexpr std::array kAddCgroup = {cgroup_key<&AddCgroup::name>("name", "the new cgroup's name")};
constexpr std::array kAddCgroupDef = {custom_key<&AddCgroupDef::def, decode_cgroup_def>(
    "def", FieldKind::kTable, "a cgroup definition", {.required = true, .forms = cgroup_forms})};
constexpr std::array kRemoveCgroup = {
    cgroup_key<&RemoveCgroup::cgroup>("cgroup", "the cgroup to remove"),
    bool_key<&RemoveCgroup::missing_ok>("missing_ok", "no error when there is none",
                                        {.default_value = "false"}), // a typo must not pass
};
constexpr std::array kSetCpuset = {
    cgroup_key<&SetCpuset::cgroup>("cgroup", "whose CPUs"),
    custom_key<&SetCpuset::cpus, decode_cpuset>("cpus", FieldKind::kTable, "which CPUs",
                                                {.required = true, .forms = cpuset_forms}),
};
constexpr std::array kClearCpuset = {cgroup_key<&ClearCpuset::cgroup>("cgroup", "whose CPUs")};
constexpr std::array kSwapCpusets = {
    cgroup_key<&SwapCpusets::a>("a", "one cgroup"),
    cgroup_key<&SwapCpusets::b>("b", "the other"),
};
constexpr std::array kStopCgroup = {cgroup_key<&StopCgroup::cgroup>("cgroup", "whose workers")};

// "" are the workers that were spawned with placement = "runner".
void read_from(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  if (value.type == NodeType::kString && value.text.empty()) {
    to.clear();
    return;
  }
  decode_cgroup_name(decoder, info, value, to);
}

constexpr std::array kMoveAllTasks = {
    custom_key<&MoveAllTasks::from, read_from>(
        "from", FieldKind::kString, "whose tasks; \"\": the runner's workers", kRequired),
    cgroup_key<&MoveAllTasks::to>("to", "where they go"),
};
constexpr std::array kFreezeCgroup = {
    cgroup_key<&FreezeCgroup::cgroup>("cgroup", "whose tasks"),
    duration_key<&FreezeCgroup::wait_ns>(
        "wait", "how long to wait until all are frozen; \"0s\": do not wait",
        {.default_value = "2s", .minimum = 0, .maximum = 3'600'000'000'000}),
};
constexpr std::array kUnfreezeCgroup = {
    cgroup_key<&UnfreezeCgroup::cgroup>("cgroup", "whose tasks")};

void read_tag(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  const auto tag = decoder.string(info, value);
  if (tag && tag->empty()) {
    decoder.error(value.pos, "tag is empty", "results are found by their tag: give it a name");
  } else if (tag) {
    to = *tag;
  }
}

constexpr std::array kCaptureCgroupProcs = {
    custom_key<&CaptureCgroupProcs::tag, read_tag>("tag", FieldKind::kString,
                                                   "the name of the result", kRequired),
    cgroup_key<&CaptureCgroupProcs::cgroup>("cgroup", "whose processes"),
    bool_key<&CaptureCgroupProcs::threads>("threads", "threads instead of processes",
                                           {.default_value = "false"}),
};

constexpr std::array kSetAffinity = {
    cgroup_key<&SetAffinity::cgroup>("cgroup", "whose workers"),
    custom_key<&SetAffinity::affinity, decode_affinity>(
        "affinity", FieldKind::kChoice, "the CPUs each asks for",
        {.required = true, .forms = affinity_forms}),
};

struct PlacementTable {
  std::string cgroup;
};
constexpr std::array kPlacement = {
    cgroup_key<&PlacementTable::cgroup>("cgroup", "the cgroup to spawn into")};

enum class PlacementWord : std::uint8_t { kRunner };
constexpr std::array kPlacementWords = {Word{"runner", PlacementWord::kRunner}};

void read_placement(Decoder& decoder, const FieldInfo& info, const Node& value,
                    std::optional<std::string>& to) {
  if (value.type == NodeType::kTable) {
    PlacementTable table;
    decode_table<PlacementTable>(decoder, value, info.key, kPlacement, table);
    to = std::move(table.cgroup);
  } else if (value.type != NodeType::kString) {
    decoder.wrong_type(info.key, value, FieldKind::kChoice);
  } else if (decoder.word<PlacementWord>(info, value, kPlacementWords)) {
    to.reset();
  }
}

constexpr std::array kPlacementForms = {
    Form{.kind = FieldKind::kString, .words = words_of<kPlacementWords>},
    kTableForm<PlacementTable, kPlacement>,
};

constexpr std::array kSpawn = {
    custom_key<&Spawn::cgroup, read_placement>(
        "placement", FieldKind::kChoice, "\"runner\" or { cgroup = \"name\" }",
        {.required = true, .forms = as_forms<kPlacementForms>}),
    custom_key<&Spawn::work, decode_work>("work", FieldKind::kTable, "the worker group",
                                          {.required = true, .forms = work_forms}),
};

void read_spawn(Decoder& decoder, const Node& table, OpBody& to) {
  Spawn op;
  decode_table<Spawn>(decoder, table, op_name<Spawn>(), kSpawn, op, "kind");
  const Node* placement = table.find("placement");
  const bool runner = placement != nullptr && decoder.sound(placement) && !op.cgroup;
  if (const Node* work = table.find("work"); work != nullptr && runner) {
    if (const Node* percent = work->find("workers_pct")) {
      decoder.error(percent->pos, "workers_pct with placement = \"runner\": there is no cpuset",
                    "give workers, or a cgroup to place them in");
    }
  }
  to = std::move(op);
}

static_assert(well_formed<AddCgroup>(kAddCgroup));
static_assert(well_formed<AddCgroupDef>(kAddCgroupDef));
static_assert(well_formed<RemoveCgroup>(kRemoveCgroup));
static_assert(well_formed<SetCpuset>(kSetCpuset));
static_assert(well_formed<ClearCpuset>(kClearCpuset));
static_assert(well_formed<SwapCpusets>(kSwapCpusets));
static_assert(well_formed<StopCgroup>(kStopCgroup));
static_assert(well_formed<MoveAllTasks>(kMoveAllTasks));
static_assert(well_formed<FreezeCgroup>(kFreezeCgroup));
static_assert(well_formed<UnfreezeCgroup>(kUnfreezeCgroup));
static_assert(well_formed<CaptureCgroupProcs>(kCaptureCgroupProcs));
static_assert(well_formed<SetAffinity>(kSetAffinity));
static_assert(well_formed<Spawn>(kSpawn));

constexpr std::array<OpEntry, 13> kEntries = {
    kOpEntry<AddCgroup, kAddCgroup>,
    kOpEntry<AddCgroupDef, kAddCgroupDef>,
    kOpEntry<RemoveCgroup, kRemoveCgroup>,
    kOpEntry<SetCpuset, kSetCpuset>,
    kOpEntry<ClearCpuset, kClearCpuset>,
    kOpEntry<SwapCpusets, kSwapCpusets>,
    kOpEntry<StopCgroup, kStopCgroup>,
    kOpEntry<MoveAllTasks, kMoveAllTasks>,
    kOpEntry<FreezeCgroup, kFreezeCgroup>,
    kOpEntry<UnfreezeCgroup, kUnfreezeCgroup>,
    kOpEntry<CaptureCgroupProcs, kCaptureCgroupProcs>,
    OpEntry{.read = read_spawn, .keys = keys_of_table<Spawn, kSpawn>},
    kOpEntry<SetAffinity, kSetAffinity>,
};

} // namespace

std::span<const OpEntry> cgroup_op_entries() noexcept {
  return kEntries;
}

} // namespace schedrig::config
