// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kFields = {
    string_key<&SchedulerConfig::name>("name", "what ops and [run] call it", kRequired),
    string_key<&SchedulerConfig::plugin>("plugin", "a scheduler plugin's name or path", kRequired),
    custom_key<&SchedulerConfig::params, decode_params>("params", FieldKind::kTable,
                                                        "parameters of the plugin"),
    later_key<SchedulerConfig>("object", FieldKind::kString, "a BPF object to load"),
    later_key<SchedulerConfig>("binary", FieldKind::kString, "a loader program to run"),
    later_key<SchedulerConfig>("args", FieldKind::kList, "arguments of the loader program"),
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
