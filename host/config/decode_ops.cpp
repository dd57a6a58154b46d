// SPDX-License-Identifier: MIT
#include "host/config/decode_ops.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "host/config/readers.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

std::vector<KindInfo> op_kinds() {
  std::vector<KindInfo> kinds;
  for (std::size_t i = 0; i < op_infos().size(); ++i) {
    const OpInfo& info = op_infos()[i];
    kinds.push_back({.kind = info.name,
                     .doc = info.doc,
                     .landed = info.landed ? Landed::kYes : Landed::kNo,
                     .keys = op_entry(i).keys});
  }
  return kinds;
}

// The place of `kind` in OpBody, or an error.
std::optional<std::size_t> index_of(Decoder& decoder, const Node& table) {
  constexpr FieldInfo kKind = make_info("kind", FieldKind::kString, "which op it is", kRequired);
  if (!decoder.is_table("an op", table)) {
    return std::nullopt;
  }
  const Node* kind = table.find("kind");
  if (kind == nullptr) {
    decoder.missing_key(table, "an op", kKind, {});
    return std::nullopt;
  }
  const auto name = decoder.string(kKind, *kind);
  if (!name) {
    return std::nullopt;
  }
  const auto infos = op_infos();
  const auto found = std::ranges::find(infos, *name, &OpInfo::name);
  if (found == infos.end()) {
    std::vector<std::string_view> names;
    std::ranges::transform(infos, std::back_inserter(names), &OpInfo::name);
    decoder.error(kind->pos, "unknown op " + text::quote(*name),
                  text::suggest(*name, names, "ops"));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - infos.begin());
}

// The key by which an op makes, starts or removes what other ops refer to.
std::string_view naming_key(const OpBody& op) {
  if (std::holds_alternative<AddCgroup>(op)) {
    return "name";
  }
  if (std::holds_alternative<AddCgroupDef>(op)) {
    return "def";
  }
  if (std::holds_alternative<RemoveCgroup>(op)) {
    return "cgroup";
  }
  return std::holds_alternative<RunPayload>(op) ? "payload" : "";
}

// A def that is there has a name of its own, whose loss decode_cgroup_def notes.
void note_lost_name(Decoder& decoder, const Node& table, const OpBody& op) {
  const std::string_view key = naming_key(op);
  const Node* value = table.find(key);
  const bool lost = value == nullptr || (key != "def" && !decoder.sound(value));
  if (!key.empty() && lost) {
    decoder.lost().lose(table, key);
  }
}

} // namespace

const OpEntry& op_entry(std::size_t index) noexcept {
  const auto cgroups = cgroup_op_entries();
  return index < cgroups.size() ? cgroups[index] : machine_op_entries()[index - cgroups.size()];
}

std::span<const Form> op_forms() {
  static constexpr Form kForm{.kind = FieldKind::kTable, .name = "op", .kinds = op_kinds};
  return {&kForm, 1};
}

void decode_ops(Decoder& decoder, const FieldInfo& info, const Node& value, std::vector<Op>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    decoder.lost().lose_all(value);
    return;
  }
  to.reserve(value.items.size());
  for (const Node& item : value.items) {
    const auto index = index_of(decoder, item);
    if (!index) {
      decoder.lost().lose_all(item);
      continue;
    }
    decoder.remember(item);
    Op& op = to.emplace_back();
    op.pos = item.pos;
    op_entry(*index).read(decoder, item, op.body);
    note_lost_name(decoder, item, op.body);
  }
}

} // namespace schedrig::config
