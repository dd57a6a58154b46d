// SPDX-License-Identifier: MIT
#include "host/config/merge.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace schedrig::config {

void merge_over(Node& lower, Node upper, std::span<const Form> forms) {
  if (lower.type != NodeType::kTable || upper.type != NodeType::kTable ||
      std::ranges::any_of(forms, &Form::one_key)) {
    lower = std::move(upper);
    return;
  }
  lower.pos = upper.pos;
  // No member moves while the index lives. A hostile table has as many keys as a file may hold.
  lower.members.reserve(lower.members.size() + upper.members.size());
  std::unordered_map<std::string_view, Member*> index;
  for (Member& member : lower.members) {
    index.emplace(member.key, &member);
  }
  for (Member& member : upper.members) {
    const auto same = index.find(member.key);
    if (same == index.end()) {
      lower.members.push_back(std::move(member));
    } else {
      same->second->key_pos = member.key_pos;
      merge_over(same->second->value, std::move(member.value), forms_of_key(forms, member.key));
    }
  }
}

} // namespace schedrig::config
