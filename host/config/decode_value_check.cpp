// SPDX-License-Identifier: MIT
#include "host/config/decode_value_check.hpp"

#include <array>
#include <optional>
#include <string_view>

#include "host/config/decode_kernel.hpp"
#include "host/config/readers.hpp"
#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kValueFields = {
    string_key<&ValueCheck::path>("path", "names with dots between them, ['...'] for others",
                                  kRequired),
    custom_key<&ValueCheck::op, decode_compare_op>(
        "op", FieldKind::kString,
        "==, !=, <, <=, > or >=", {.required = true, .forms = compare_op_forms}),
    word64_key<&ValueCheck::value>("value", "what to compare with, unsigned", kRequired),
};
static_assert(well_formed<ValueCheck>(kValueFields));

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Where the operator starts: names in quotes may have its characters.
std::size_t find_operator(std::string_view text) {
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    if (quote != '\0') {
      quote = character == quote ? '\0' : quote;
    } else if (character == '\'' || character == '"') {
      quote = character;
    } else if (std::string_view("=!<>").contains(character)) {
      return at;
    }
  }
  return text.npos;
}

std::optional<ValueCheck> parse(std::string_view text) {
  const std::size_t at = find_operator(text);
  if (at == text.npos) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(at);
  const std::string_view spelt = rest.substr(0, rest.substr(1).starts_with('=') ? 2 : 1);
  const std::optional<CompareOp> op = compare_op_of(spelt);
  const auto number = text::parse_integer(trimmed(rest.substr(spelt.size())));
  const std::string_view path = trimmed(text.substr(0, at));
  if (!op || !number || path.empty()) {
    return std::nullopt;
  }
  return ValueCheck{.path = std::string(path), .op = *op, .value = *number, .pos = {}};
}

void decode_one(Decoder& decoder, const FieldInfo& info, const Node& item, ValueCheck& to) {
  if (item.type != NodeType::kString) {
    decode_table<ValueCheck>(decoder, item, "a check of a value", kValueFields, to);
  } else if (const auto text = decoder.string(info, item)) {
    if (const auto parsed = parse(*text)) {
      to = *parsed;
    } else {
      decoder.error(item.pos, text::quote(*text) + " compares no value with a number",
                    "write a path, one of == != < <= > >=, and a number: "
                    "\"maps['mine.bss'].nr_dispatched > 0\"");
    }
  }
  to.pos = item.pos;
}

constexpr std::array kOneForms = {
    Form{.kind = FieldKind::kString},
    kTableForm<ValueCheck, kValueFields>,
};

} // namespace

void decode_value_checks(Decoder& decoder, const FieldInfo& info, const Node& value,
                         std::vector<ValueCheck>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    decode_one(decoder, info, item, to.emplace_back());
  }
}

void decode_run_value_checks(Decoder& decoder, const FieldInfo& info, const Node& value,
                             std::vector<ValueCheck>& to) {
  decode_value_checks(decoder, info, value, to);
  for (const ValueCheck& check : to) {
    if (!check.path.empty() && !check.path.starts_with("snapshots.")) {
      decoder.error(check.pos, text::quote(check.path) + " leads to nothing that is captured",
                    "snapshots.NAME and what is in it, with the name of a capture_snapshot");
    }
  }
}

std::span<const Form> value_check_forms() {
  return list_of<as_forms<kOneForms>>();
}

} // namespace schedrig::config
