// SPDX-License-Identifier: MIT
#include <string>

#include "host/config/decode_scenario.hpp"

namespace schedrig::config {
namespace {

void flatten(Decoder& decoder, const std::string& key, SourcePos key_pos, const Node& value,
             ConfigParams& to) {
  ConfigParam param;
  param.key = key;
  param.pos = value.pos;
  param.key_pos = key_pos;
  switch (value.type) {
  case NodeType::kTable:
    for (const Member& member : value.members) {
      flatten(decoder, key + "." + member.key, member.key_pos, member.value, to);
    }
    break;
  case NodeType::kArray:
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      flatten(decoder, key + "[" + std::to_string(i) + "]", value.items[i].pos, value.items[i], to);
    }
    break;
  case NodeType::kString:
    param.type = ParamType::kString;
    param.text = value.text;
    break;
  case NodeType::kInteger:
    param.type = ParamType::kInteger;
    param.integer = value.integer;
    break;
  case NodeType::kFloat:
    param.type = ParamType::kFloat;
    param.real = value.real;
    break;
  case NodeType::kBool:
    param.type = ParamType::kBool;
    param.integer = value.boolean ? 1 : 0;
    break;
  case NodeType::kDateTime:
    decoder.error(value.pos, key + " is a date or time", "no plugin takes one");
    return;
  }
  const bool container = value.type == NodeType::kTable || value.type == NodeType::kArray;
  if (!container) {
    to.push_back(std::move(param));
  } else if (value.members.empty() && value.items.empty()) {
    decoder.error(value.pos, key + " is empty", "leave it out");
  }
}

} // namespace

void decode_params(Decoder& decoder, const FieldInfo& info, const Node& value, ConfigParams& to) {
  if (!decoder.is_table(info.key, value)) {
    return;
  }
  for (const Member& member : value.members) {
    flatten(decoder, member.key, member.key_pos, member.value, to);
  }
}

} // namespace schedrig::config
