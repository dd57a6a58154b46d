// SPDX-License-Identifier: MIT
#include "host/config/toml_parser.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <tuple>
#include <utility>

#include <toml++/toml.h>

#include "host/config/limits.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// The library's sentences begin with a capital; ours do not.
std::string reason(std::string_view description) {
  std::string text = text::printable(description);
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
    text.front() = static_cast<char>(text.front() - 'A' + 'a');
  }
  return text;
}

SourcePos position(const toml::source_position& at, std::uint32_t file) {
  return {.file = file, .line = at.line, .column = at.column};
}

Node convert(const toml::node& from, std::uint32_t file);

Node convert_table(const toml::table& from, std::uint32_t file) {
  Node to;
  to.members.reserve(from.size());
  for (const auto& [key, value] : from) {
    to.members.push_back(
        {std::string(key.str()), position(key.source().begin, file), convert(value, file)});
  }
  // The library keeps tables sorted by key; errors are reported in file order.
  std::ranges::stable_sort(to.members, {}, [](const Member& member) {
    return std::pair(member.key_pos.line, member.key_pos.column);
  });
  return to;
}

Node convert_array(const toml::array& from, std::uint32_t file) {
  Node to;
  to.type = NodeType::kArray;
  to.items.reserve(from.size());
  for (const toml::node& item : from) {
    to.items.push_back(convert(item, file));
  }
  return to;
}

Node convert_value(const toml::node& from, std::uint32_t file) {
  Node to;
  if (const auto* table = from.as_table()) {
    to = convert_table(*table, file);
  } else if (const auto* array = from.as_array()) {
    to = convert_array(*array, file);
  } else if (const auto* string = from.as_string()) {
    to.type = NodeType::kString;
    to.text = string->get();
  } else if (const auto* integer = from.as_integer()) {
    to.type = NodeType::kInteger;
    to.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    to.type = NodeType::kFloat;
    to.real = real->get();
  } else if (const auto* boolean = from.as_boolean()) {
    to.type = NodeType::kBool;
    to.boolean = boolean->get();
  } else {
    to.type = NodeType::kDateTime;
  }
  return to;
}

Node convert(const toml::node& from, std::uint32_t file) {
  Node to = convert_value(from, file);
  to.pos = position(from.source().begin, file);
  return to;
}

} // namespace

std::optional<Node> parse_toml(std::string_view text, std::uint32_t file, Diagnostics& to,
                               TextBudget& budget) {
  if (!check_limits(text, file, to, budget)) {
    return std::nullopt;
  }
  try {
    return convert(toml::parse(text), file);
  } catch (const toml::parse_error& error) {
    to.add(position(error.source().begin, file), "not valid TOML: " + reason(error.description()));
  } catch (const std::exception& error) {
    to.add({.file = file, .line = 0, .column = 0},
           std::string("the file could not be read: ") + text::printable(error.what()));
  }
  return std::nullopt;
}

} // namespace schedrig::config
