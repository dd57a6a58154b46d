// SPDX-License-Identifier: MIT
#include "host/config/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/text/duration.hpp"
#include "host/text/integer.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"
#include "host/text/size.hpp"

namespace schedrig::config {
namespace {

struct Wanted {
  std::string_view name;
  std::string_view help;
};

Wanted wanted_of(FieldKind kind) {
  switch (kind) {
  case FieldKind::kString:
    return {"a string", "put it in double quotes"};
  case FieldKind::kInteger:
    return {"an integer", "write a whole number without quotes"};
  case FieldKind::kNumber:
    return {"a number", "write it without quotes"};
  case FieldKind::kBool:
    return {"true or false", "write true or false without quotes"};
  case FieldKind::kDuration:
    return {"a duration", "write a string with a unit, such as \"200ms\""};
  case FieldKind::kSize:
    return {"a size", "write a string with a unit, such as \"512MiB\""};
  case FieldKind::kTable:
    return {"a table", "write { key = value, ... } or a [header]"};
  case FieldKind::kTableList:
    return {"a list of tables", "write [[header]] or [ { key = value, ... }, ... ]"};
  case FieldKind::kList:
    return {"a list", "write [value, ...]"};
  case FieldKind::kChoice:
    return {"a string or a table", ""};
  }
  return {};
}

// Bounds in the spelling of the field, for messages.
std::string spell(FieldKind kind, std::int64_t value) {
  switch (kind) {
  case FieldKind::kDuration:
    return "\"" + text::format_duration(value) + "\"";
  case FieldKind::kSize:
    return "\"" + text::format_size(static_cast<std::uint64_t>(value)) + "\"";
  default:
    return std::to_string(value);
  }
}

} // namespace

void Decoder::error(SourcePos pos, std::string message, std::string help) {
  ++errors_;
  if (!to_.full()) { // what is past the limit is not looked at any further
    places_.add(pos);
  }
  to_.add(pos, std::move(message), std::move(help));
}

void Decoder::wrong_type(std::string_view what, const Node& value, FieldKind wanted) {
  const Wanted expected = wanted_of(wanted);
  error(value.pos,
        std::string(what) + " must be " + std::string(expected.name) + ", not " +
            std::string(describe(value.type)),
        std::string(expected.help));
}

std::optional<std::string_view> Decoder::string(const FieldInfo& info, const Node& value) {
  if (value.type != NodeType::kString) {
    wrong_type(info.key, value, info.kind);
    return std::nullopt;
  }
  return value.text;
}

std::optional<std::int64_t> Decoder::integer(const FieldInfo& info, const Node& value,
                                             std::int64_t minimum, std::int64_t maximum) {
  if (value.type != NodeType::kInteger) {
    wrong_type(info.key, value, info.kind);
    return std::nullopt;
  }
  if (value.integer < minimum || value.integer > maximum) {
    error(value.pos, std::string(info.key) + " is " + std::to_string(value.integer),
          "allowed: " + std::to_string(minimum) + " to " + std::to_string(maximum));
    return std::nullopt;
  }
  return value.integer;
}

std::optional<double> Decoder::number(const FieldInfo& info, const Node& value) {
  if (value.type != NodeType::kFloat && value.type != NodeType::kInteger) {
    wrong_type(info.key, value, info.kind);
    return std::nullopt;
  }
  const double number =
      value.type == NodeType::kFloat ? value.real : static_cast<double>(value.integer);
  if (!std::isfinite(number)) {
    error(value.pos, std::string(info.key) + " is not finite", "write a number");
    return std::nullopt;
  }
  const bool bounded = info.minimum != 0 || info.maximum != 0;
  if (bounded &&
      (number < static_cast<double>(info.minimum) || number > static_cast<double>(info.maximum))) {
    error(value.pos, std::string(info.key) + " is out of range",
          "allowed: " + std::to_string(info.minimum) + " to " + std::to_string(info.maximum));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Decoder::boolean(const FieldInfo& info, const Node& value) {
  if (value.type != NodeType::kBool) {
    wrong_type(info.key, value, info.kind);
    return std::nullopt;
  }
  return value.boolean;
}

std::optional<std::int64_t> Decoder::duration(const FieldInfo& info, const Node& value) {
  const auto text = string(info, value);
  if (!text) {
    return std::nullopt;
  }
  auto parsed = text::parse_duration(*text);
  if (!parsed) {
    error(value.pos, std::string(info.key) + ": " + parsed.error().message, parsed.error().help);
    return std::nullopt;
  }
  if (info.maximum != 0 && (*parsed < info.minimum || *parsed > info.maximum)) {
    error(value.pos, std::string(info.key) + " is " + text::quote(*text),
          "allowed: " + spell(info.kind, info.minimum) + " to " + spell(info.kind, info.maximum));
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::uint64_t> Decoder::size(const FieldInfo& info, const Node& value) {
  const auto text = string(info, value);
  if (!text) {
    return std::nullopt;
  }
  auto parsed = text::parse_size(*text);
  if (!parsed) {
    error(value.pos, std::string(info.key) + ": " + parsed.error().message, parsed.error().help);
    return std::nullopt;
  }
  if (info.maximum != 0 && (*parsed < static_cast<std::uint64_t>(info.minimum) ||
                            *parsed > static_cast<std::uint64_t>(info.maximum))) {
    error(value.pos, std::string(info.key) + " is " + text::quote(*text),
          "allowed: " + spell(info.kind, info.minimum) + " to " + spell(info.kind, info.maximum));
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::uint64_t> Decoder::word64(const FieldInfo& info, const Node& value) {
  if (value.type == NodeType::kInteger && value.integer >= 0) {
    return static_cast<std::uint64_t>(value.integer);
  }
  if (value.type == NodeType::kString) {
    if (const auto parsed = text::parse_integer(value.text)) {
      return *parsed;
    }
  }
  error(value.pos, std::string(info.key) + " must be a number of 64 bits without a sign",
        "write 7, or a string such as \"0xffff888000001000\" (an integer of TOML ends at 2^63-1)");
  return std::nullopt;
}

bool Decoder::is_table(std::string_view what, const Node& value) {
  if (value.type != NodeType::kTable) {
    wrong_type(what, value, FieldKind::kTable);
    return false;
  }
  return true;
}

bool Decoder::is_list(std::string_view what, const Node& value) {
  if (value.type != NodeType::kArray) {
    wrong_type(what, value, FieldKind::kList);
    return false;
  }
  return true;
}

void Decoder::unknown_key(const Member& member, std::string_view where,
                          std::span<const std::string_view> keys) {
  if (to_.full()) {
    error(member.key_pos, {});
    return;
  }
  error(member.key_pos, "unknown key " + text::quote(member.key) + " in " + std::string(where),
        text::suggest(member.key, keys, "keys of " + std::string(where)));
}

void Decoder::unknown_word(const FieldInfo& info, const Node& value,
                           std::span<const std::string_view> words) {
  if (to_.full()) {
    error(value.pos, {});
    return;
  }
  error(value.pos, "unknown " + std::string(info.key) + " " + text::quote(value.text),
        text::suggest(value.text, words, "allowed"));
}

bool Decoder::misspelt(const Node& table, std::string_view key,
                       std::span<const std::string_view> keys) const {
  return !to_.full() && std::ranges::any_of(table.members, [&](const Member& member) {
    return std::ranges::find(keys, member.key) == keys.end() &&
           text::nearest(member.key, keys) == key;
  });
}

void Decoder::missing_key(const Node& table, std::string_view where, const FieldInfo& info,
                          std::span<const std::string_view> keys) {
  if (misspelt(table, info.key, keys)) {
    return;
  }
  error(table.pos, std::string(where) + " lacks the key " + text::quote(info.key),
        std::string(info.key) + ": " + std::string(info.doc));
}

bool Decoder::check_landed(const FieldInfo& info, SourcePos pos) {
  if (info.landed == Landed::kYes || options_.accept_unlanded) {
    return true;
  }
  error(pos, text::quote(info.key) + " is not supported yet",
        "leave it out: it needs " + std::string(info.needs));
  return false;
}

void Decoder::remember(const Node& table) {
  tables_[key_of(table.pos)] = &table;
}

const Node* Decoder::recall(SourcePos pos) const {
  const auto found = tables_.find(key_of(pos));
  return found == tables_.end() ? nullptr : found->second;
}

} // namespace schedrig::config
