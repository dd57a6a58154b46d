// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// For the plugin these are parameters like any other.
void read_path(Decoder& decoder, const FieldInfo& info, const Node& value, ConfigParams& to) {
  const auto path = decoder.string(info, value);
  if (path && (path->empty() || path->ends_with('/'))) {
    decoder.error(value.pos, text::quote(*path) + " is no file", "a path");
  } else if (path) {
    to.push_back({.type = ParamType::kString,
                  .key = std::string(info.key),
                  .text = std::string(*path),
                  .pos = value.pos,
                  .key_pos = value.pos});
  }
}

void read_args(Decoder& decoder, const FieldInfo& info, const Node& value, ConfigParams& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const Node& item = value.items[i];
    if (item.type != NodeType::kString) {
      decoder.wrong_type("each value of " + std::string(info.key), item, FieldKind::kString);
      continue;
    }
    to.push_back({.type = ParamType::kString,
                  .key = std::string(info.key) + "[" + std::to_string(i) + "]",
                  .text = item.text,
                  .pos = item.pos,
                  .key_pos = item.pos});
  }
}

constexpr std::array kFields = {
    string_key<&SchedulerConfig::name>("name", "what ops and [run] call it", kRequired),
    string_key<&SchedulerConfig::plugin>("plugin", "a scheduler plugin's name or path", kRequired),
    custom_key<&SchedulerConfig::params, decode_params>("params", FieldKind::kTable,
                                                        "parameters of the plugin"),
    custom_key<&SchedulerConfig::params, read_path>(
        "object", FieldKind::kString,
        "of plugin scx: a BPF object on the host, relative to the file that says it",
        {.forms = a_string}),
    custom_key<&SchedulerConfig::params, read_path>(
        "binary", FieldKind::kString,
        "of plugin scx: a loader program, a path on the host, relative to the file that says it, "
        "or "
        "a name to look for in PATH",
        {.forms = a_string}),
    custom_key<&SchedulerConfig::params, read_args>(
        "args", FieldKind::kList, "of plugin scx: arguments of the loader program",
        {.forms = list_of<a_string>}),
};
static_assert(well_formed<SchedulerConfig>(kFields));

} // namespace

std::span<const Form> scheduler_forms() {
  return a_table<SchedulerConfig, kFields>();
}

void decode_schedulers(Decoder& decoder, const FieldInfo& info, const Node& value,
                       std::vector<SchedulerConfig>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    decoder.lost().lose(value, "name");
    return;
  }
  for (const Node& item : value.items) {
    SchedulerConfig one;
    one.pos = item.pos;
    decode_table<SchedulerConfig>(decoder, item, "[[scheduler]]", kFields, one);
    const auto other = std::ranges::find(to, one.name, &SchedulerConfig::name);
    if (one.name.empty()) {
      decoder.lost().lose(item, "name");
    } else if (other != to.end()) {
      decoder.error(item.pos,
                    "[[scheduler]] " + text::quote(one.name) + " exists: it is declared at line " +
                        std::to_string(other->pos.line),
                    "choose another name");
    }
    to.push_back(std::move(one));
  }
}

} // namespace schedrig::config
