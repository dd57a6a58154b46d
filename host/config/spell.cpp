// SPDX-License-Identifier: MIT
#include "host/config/spell.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "host/text/duration.hpp"
#include "host/text/quote.hpp"
#include "host/text/size.hpp"

namespace schedrig::config {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string spell_key(const std::string& key) {
  return !key.empty() && std::ranges::all_of(key, is_bare) ? key : text::quote(key);
}

std::string spell_real(double real) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), real).ptr;
  std::string spelled(text.data(), end);
  return spelled.find_first_of(".en") == std::string::npos ? spelled + ".0" : spelled;
}

std::string spell_members(const Node& table) {
  std::string text;
  for (const Member& member : table.members) {
    text += (text.empty() ? " " : ", ") + spell_key(member.key) + " = " + spell_value(member.value);
  }
  return "{" + text + (text.empty() ? "}" : " }");
}

std::string spell_items(const Node& list) {
  std::string text;
  for (const Node& item : list.items) {
    text += (text.empty() ? "" : ", ") + spell_value(item);
  }
  return "[" + text + "]";
}

std::string_view noun(FieldKind kind) {
  switch (kind) {
  case FieldKind::kString:
    return "a string";
  case FieldKind::kInteger:
    return "an integer";
  case FieldKind::kNumber:
    return "a number";
  case FieldKind::kBool:
    return "true or false";
  case FieldKind::kDuration:
    return "a duration";
  case FieldKind::kSize:
    return "a size";
  case FieldKind::kTable:
    return "a table";
  case FieldKind::kTableList:
    return "a list of tables";
  case FieldKind::kList:
    return "a list";
  case FieldKind::kChoice:
    return "one of several forms";
  }
  return "";
}

std::string listed(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ") + parts[i];
  }
  return text;
}

std::string spell_form(const Form& form, const FieldInfo& info) {
  if (form.words != nullptr) {
    std::vector<std::string> words;
    for (const WordInfo& word : form.words()) {
      words.push_back("\"" + std::string(word.text) + "\"");
    }
    return listed(words);
  }
  if (form.one_key) {
    std::vector<std::string> keys;
    for (const FieldInfo& key : form.keys()) {
      keys.push_back(std::string(key.key));
    }
    return "a table with " + listed(keys);
  }
  if (!form.noun.empty()) {
    return std::string(form.noun);
  }
  if (form.keys != nullptr && form.name.empty()) {
    constexpr std::size_t kFew = 4; // more of them only make a line long
    std::string keys;
    const auto all = form.keys();
    for (const FieldInfo& key : all) {
      keys += (keys.empty() ? "{ " : ", ") + std::string(key.key);
    }
    return all.size() > kFew || all.empty() ? "a table" : keys + " }";
  }
  if (form.items != nullptr) {
    std::vector<std::string> items;
    for (const Form& item : form.items()) {
      items.push_back(spell_form(item, info));
    }
    return "a list: " + listed(items);
  }
  const bool own = form.minimum != 0 || form.maximum != 0;
  const std::string bounds =
      spell_bounds(form.kind, own ? form.minimum : info.minimum, own ? form.maximum : info.maximum);
  return std::string(noun(form.kind)) + (bounds.empty() ? "" : ", " + bounds);
}

} // namespace

std::string spell_value(const Node& value) {
  switch (value.type) {
  case NodeType::kTable:
    return spell_members(value);
  case NodeType::kArray:
    return spell_items(value);
  case NodeType::kString:
    return text::quote(value.text);
  case NodeType::kInteger:
    return std::to_string(value.integer);
  case NodeType::kFloat:
    return spell_real(value.real);
  case NodeType::kBool:
    return value.boolean ? "true" : "false";
  case NodeType::kDateTime:
    return "a date or time";
  }
  return "";
}

std::string spell_bounds(FieldKind kind, std::int64_t minimum, std::int64_t maximum) {
  if (minimum == 0 && maximum == 0) {
    return "";
  }
  switch (kind) {
  case FieldKind::kInteger:
  case FieldKind::kNumber:
    return std::to_string(minimum) + " to " + std::to_string(maximum);
  case FieldKind::kDuration:
    return "\"" + text::format_duration(minimum) + "\" to \"" + text::format_duration(maximum) +
           "\"";
  case FieldKind::kSize:
    return "\"" + text::format_size(static_cast<std::uint64_t>(minimum)) + "\" to \"" +
           text::format_size(static_cast<std::uint64_t>(maximum)) + "\"";
  default:
    return "";
  }
}

std::string spell_type(const FieldInfo& info) {
  std::vector<std::string> forms;
  for (const Form& form : forms_of(info)) {
    forms.push_back(spell_form(form, info));
  }
  return listed(forms);
}

} // namespace schedrig::config
