// SPDX-License-Identifier: MIT
#include "host/config/decode_kernel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <schedrig/topology.hpp>

#include "host/config/readers.hpp"
#include "host/text/hex.hpp"

namespace schedrig::config {
namespace {

// A request of the wire format is 1 MiB in all; one entry leaves room for its target.
constexpr std::uint32_t kMostBytes = 1U << 19U;

constexpr More kCpu{.required = true, .minimum = 0, .maximum = kMaxCpus - 1};

constexpr std::array kPerCpuFields = {
    string_key<&PerCpuTarget::symbol>("symbol", "the per-CPU symbol", kRequired),
    string_key<&PerCpuTarget::field>("field", "dotted path of a field in it", kRequired),
    integer_key<&PerCpuTarget::cpu>("cpu", "whose copy", kCpu),
    string_key<&PerCpuTarget::type>("type", "its struct, where the symbol is not a known one"),
};
constexpr std::array kTaskFields = {
    integer_key<&TaskTarget::pid>("pid", "the task's pid",
                                  {.required = true, .minimum = 1, .maximum = 4'194'304}),
    word64_key<&TaskTarget::start_time_ns>("start_time_ns", "its start, against reused pids",
                                           kRequired),
    string_key<&TaskTarget::field>("field", "dotted path of a field of task_struct", kRequired),
};
constexpr std::array kWorkerFields = {
    string_key<&WorkerTarget::cgroup>("cgroup", "whose workers", kRequired),
    integer_key<&WorkerTarget::worker>("worker", "which of them, from 0", kRequired),
    string_key<&WorkerTarget::field>("field", "dotted path of a field of task_struct", kRequired),
};
constexpr std::array kMapFields = {
    string_key<&MapTarget::name>("name", "the BPF map", kRequired),
    string_key<&MapTarget::field>("field", "the global variable in it", kRequired),
};

void read_symbol(Decoder& decoder, const FieldInfo& info, const Node& value, KernelTarget& to) {
  if (const auto name = decoder.string(info, value)) {
    to = SymbolTarget{std::string(*name)};
  }
}

template <class Target>
void read_address(Decoder& decoder, const FieldInfo& info, const Node& value, KernelTarget& to) {
  if (const auto address = decoder.word64(info, value)) {
    to = Target{*address};
  }
}

template <class Target, auto& kFields>
void read_target_table(Decoder& decoder, const FieldInfo& info, const Node& value,
                       KernelTarget& to) {
  Target target;
  decode_table<Target>(decoder, value, info.key, kFields, target);
  to = std::move(target);
}

// A task by what the run knows of it, or by what the kernel does.
void read_task(Decoder& decoder, const FieldInfo& info, const Node& value, KernelTarget& to) {
  if (value.type == NodeType::kTable && value.find("pid") == nullptr) {
    read_target_table<WorkerTarget, kWorkerFields>(decoder, info, value, to);
  } else {
    read_target_table<TaskTarget, kTaskFields>(decoder, info, value, to);
  }
}

constexpr std::array kTaskForms = {
    kTableForm<TaskTarget, kTaskFields>,
    kTableForm<WorkerTarget, kWorkerFields>,
};

constexpr std::array kTargetAlternatives = {
    Field<KernelTarget>{make_info("symbol", FieldKind::kString, "a kernel symbol", {}),
                        &read_symbol},
    Field<KernelTarget>{
        make_info("direct", FieldKind::kInteger, "a direct-map address", {.forms = a_word64}),
        &read_address<DirectTarget>},
    Field<KernelTarget>{
        make_info("kva", FieldKind::kInteger, "any kernel address", {.forms = a_word64}),
        &read_address<KvaTarget>},
    Field<KernelTarget>{make_info("per_cpu", FieldKind::kTable, "a field of a per-CPU symbol",
                                  {.forms = a_table<PerCpuTarget, kPerCpuFields>}),
                        &read_target_table<PerCpuTarget, kPerCpuFields>},
    Field<KernelTarget>{
        make_info("task", FieldKind::kTable, "a field of a task", {.forms = as_forms<kTaskForms>}),
        &read_task},
    Field<KernelTarget>{make_info("map", FieldKind::kTable, "a variable of a BPF map",
                                  {.forms = a_table<MapTarget, kMapFields>}),
                        &read_target_table<MapTarget, kMapFields>},
};

void read_u32(Decoder& decoder, const FieldInfo& info, const Node& value, KernelValue& to) {
  if (const auto number = decoder.integer(info, value, 0, UINT32_MAX)) {
    to = U32Value{static_cast<std::uint32_t>(*number)};
  }
}

void read_or_u32(Decoder& decoder, const FieldInfo& info, const Node& value, KernelValue& to) {
  if (const auto mask = decoder.integer(info, value, 0, UINT32_MAX)) {
    to = OrU32Value{static_cast<std::uint32_t>(*mask)};
  }
}

void read_u64(Decoder& decoder, const FieldInfo& info, const Node& value, KernelValue& to) {
  if (const auto number = decoder.word64(info, value)) {
    to = U64Value{*number};
  }
}

void read_bytes(Decoder& decoder, const FieldInfo& info, const Node& value, KernelValue& to) {
  const auto text = decoder.string(info, value);
  if (!text) {
    return;
  }
  auto bytes = text::parse_hex_bytes(*text);
  if (!bytes) {
    decoder.error(value.pos, bytes.error().message, bytes.error().help);
  } else if (bytes->empty() || bytes->size() > kMostBytes) {
    decoder.error(value.pos, "bytes has " + std::to_string(bytes->size()) + " bytes",
                  "allowed: 1 to " + std::to_string(kMostBytes));
  } else {
    to = BytesValue{*std::move(bytes)};
  }
}

constexpr More k32Bits{.minimum = 0, .maximum = UINT32_MAX};
constexpr std::array kValueAlternatives = {
    Field<KernelValue>{make_info("u32", FieldKind::kInteger, "32 bits", k32Bits), &read_u32},
    Field<KernelValue>{make_info("u64", FieldKind::kInteger, "64 bits", {.forms = a_word64}),
                       &read_u64},
    Field<KernelValue>{make_info("bytes", FieldKind::kString, "hexadecimal bytes", {}),
                       &read_bytes},
    Field<KernelValue>{
        make_info("or_u32", FieldKind::kInteger, "a mask to set in 32 bits", k32Bits),
        &read_or_u32},
};

void decode_value(Decoder& decoder, const FieldInfo& info, const Node& value, KernelValue& to) {
  decode_choice<KernelValue>(decoder, value, info.key, kValueAlternatives, to);
}

constexpr std::array kWriteFields = {
    custom_key<&KernelWrite::target, decode_target>("target", FieldKind::kTable, "where to write",
                                                    {.required = true, .forms = target_forms}),
    custom_key<&KernelWrite::value, decode_value>(
        "value", FieldKind::kTable, "what to write",
        {.required = true, .forms = one_key<KernelValue, kValueAlternatives>}),
};

constexpr std::array kCompareOps = {
    Word{"==", CompareOp::kEqual},  Word{"!=", CompareOp::kNotEqual},
    Word{"<", CompareOp::kLess},    Word{"<=", CompareOp::kLessEqual},
    Word{">", CompareOp::kGreater}, Word{">=", CompareOp::kGreaterEqual},
};

constexpr std::array kComparisonFields = {
    custom_key<&Comparison::op, decode_compare_op>(
        "op", FieldKind::kString,
        "==, !=, <, <=, > or >=", {.required = true, .forms = compare_op_forms}),
    word64_key<&Comparison::value>("value", "what to compare with, unsigned", kRequired),
};

enum class WidthWord : std::uint8_t { kU32, kU64 };
constexpr std::array kWidthWords = {Word{"u32", WidthWord::kU32}, Word{"u64", WidthWord::kU64}};

void read_byte_count(Decoder& decoder, const FieldInfo& info, const Node& value, KernelWidth& to) {
  if (const auto count = decoder.integer(info, value, 1, kMostBytes)) {
    to = BytesWidth{static_cast<std::uint32_t>(*count)};
  }
}
constexpr std::array kWidthAlternatives = {
    Field<KernelWidth>{make_info("bytes", FieldKind::kInteger, "how many bytes",
                                 {.minimum = 1, .maximum = kMostBytes}),
                       &read_byte_count},
};

static_assert(well_formed<PerCpuTarget>(kPerCpuFields));
static_assert(well_formed<TaskTarget>(kTaskFields));
static_assert(well_formed<WorkerTarget>(kWorkerFields));
static_assert(well_formed<MapTarget>(kMapFields));
static_assert(well_formed<KernelTarget>(kTargetAlternatives));
static_assert(well_formed<KernelValue>(kValueAlternatives));
static_assert(well_formed<KernelWrite>(kWriteFields));
static_assert(well_formed<Comparison>(kComparisonFields));
static_assert(well_formed<KernelWidth>(kWidthAlternatives));

constexpr std::array kWidthForms = {
    Form{.kind = FieldKind::kString, .words = words_of<kWidthWords>},
    kOneKeyForm<KernelWidth, kWidthAlternatives>,
};
constexpr std::array kWritesForms = {
    Form{.kind = FieldKind::kList, .items = a_table<KernelWrite, kWriteFields>, .least_items = 1}};

} // namespace

std::span<const Form> target_forms() {
  static constexpr Form kForm{.kind = FieldKind::kTable,
                              .name = "target",
                              .keys = keys_of_table<KernelTarget, kTargetAlternatives>,
                              .one_key = true};
  return {&kForm, 1};
}

std::span<const Form> width_forms() {
  return kWidthForms;
}

std::span<const Form> write_forms() {
  return kWritesForms;
}

std::span<const Form> compare_op_forms() {
  return one_word<kCompareOps>();
}

std::span<const Form> comparison_forms() {
  return a_table<Comparison, kComparisonFields>();
}

void decode_target(Decoder& decoder, const FieldInfo& info, const Node& value, KernelTarget& to) {
  decode_choice<KernelTarget>(decoder, value, info.key, kTargetAlternatives, to);
}

void decode_width(Decoder& decoder, const FieldInfo& info, const Node& value, KernelWidth& to) {
  if (value.type != NodeType::kString) {
    decode_choice<KernelWidth>(decoder, value, info.key, kWidthAlternatives, to);
    return;
  }
  if (const auto word = decoder.word<WidthWord>(info, value, kWidthWords)) {
    to = *word == WidthWord::kU32 ? KernelWidth(U32Width{}) : KernelWidth(U64Width{});
  }
}

void decode_writes(Decoder& decoder, const FieldInfo& info, const Node& value,
                   std::vector<KernelWrite>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  if (value.items.empty()) {
    decoder.error(value.pos, "writes is empty", "give at least one { target, value }");
  }
  for (const Node& item : value.items) {
    decode_table<KernelWrite>(decoder, item, "a write", kWriteFields, to.emplace_back());
  }
}

std::optional<CompareOp> compare_op_of(std::string_view text) {
  const auto* const found = std::ranges::find(kCompareOps, text, &Word<CompareOp>::text);
  return found == kCompareOps.end() ? std::nullopt : std::optional(found->value);
}

void decode_compare_op(Decoder& decoder, const FieldInfo& info, const Node& value, CompareOp& to) {
  if (const auto op = decoder.word<CompareOp>(info, value, kCompareOps)) {
    to = *op;
  }
}

void decode_comparison(Decoder& decoder, const FieldInfo& info, const Node& value,
                       std::optional<Comparison>& to) {
  Comparison comparison;
  decode_table<Comparison>(decoder, value, info.key, kComparisonFields, comparison);
  to = comparison;
}

} // namespace schedrig::config
