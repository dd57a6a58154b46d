// SPDX-License-Identifier: MIT
#include "host/config/lost_names.hpp"

namespace schedrig::config {

void LostNames::lose(const Node& table, std::string_view key) {
  const Node* value = table.find(key);
  any_ = !collect(value == nullptr ? table : *value) || any_;
}

bool LostNames::may_have_been_made(std::string_view name) const {
  return any_ || made_.contains(name);
}

bool LostNames::may_have_been_removed(std::string_view name) const {
  return any_ || made_.contains(name) || referred_to_.contains(name);
}

bool LostNames::collect(const Node& value, bool referred_to) {
  bool found = value.type == NodeType::kString;
  if (found) {
    (referred_to ? referred_to_ : made_).insert(value.text);
  }
  for (const Node& item : value.items) {
    found = collect(item, referred_to) || found;
  }
  for (const Member& member : value.members) {
    if (member.key != "kind") {
      found = collect(member.value, referred_to || member.key == "cgroup") || found;
    }
  }
  return found;
}

} // namespace schedrig::config
