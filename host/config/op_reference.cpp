// SPDX-License-Identifier: MIT
#include "host/config/op_reference.hpp"

#include <algorithm>
#include <string_view>

#include <schedrig/ops.hpp>

#include "host/config/decode_ops.hpp"
#include "host/config/spell.hpp"

namespace schedrig::config {
namespace {

constexpr std::string_view kHead =
    "# The ops in short\n"
    "\n"
    "Every op with its keys and the facets that a backend must offer for it. [ops.md](ops.md) says "
    "what\n"
    "they mean, [config.md](config.md) has each key with its documentation. Made from the op "
    "registry\n"
    "and the tables that the decoder uses; renewed by `SCHEDRIG_UPDATE_GOLDEN=1 "
    "build/bin/config_test`.\n"
    "\n"
    "A key in parentheses may be left out; behind `=` is what it is then. An op whose facets no "
    "backend\n"
    "has is refused before the start, by `check` and by `run`.\n"
    "\n"
    "| op | what it does | keys | facets |\n"
    "| --- | --- | --- | --- |\n";

std::string spell_key(const FieldInfo& info) {
  std::string key = "`" + std::string(info.key) + "`: " + spell_type(info);
  if (info.required) {
    return key;
  }
  return "(" + key +
         (info.default_value.empty() ? "" : " = `" + std::string(info.default_value) + "`") + ")";
}

std::string keys_of(std::size_t op) {
  std::string text;
  for (const FieldInfo& info : op_entry(op).keys()) {
    text += (text.empty() ? "" : "; ") + spell_key(info);
  }
  return text.empty() ? "none" : text;
}

std::string spell_facets(std::string_view ids) {
  std::string text;
  while (!ids.empty()) {
    const std::size_t space = std::min(ids.find(' '), ids.size());
    text += (text.empty() ? "`" : ", `") + std::string(ids.substr(0, space)) + "`";
    ids.remove_prefix(std::min(space + 1, ids.size()));
  }
  return text.empty() ? "none" : text;
}

} // namespace

std::string op_list_markdown() {
  std::string text(kHead);
  for (std::size_t i = 0; i < op_infos().size(); ++i) {
    const OpInfo& info = op_infos()[i];
    text += "| `" + std::string(info.name) + "` | " + std::string(info.doc) +
            (info.landed ? "" : " (not supported yet)") + " | " + keys_of(i) + " | " +
            spell_facets(info.facets) + " |\n";
  }
  return text;
}

} // namespace schedrig::config
