// SPDX-License-Identifier: MIT
#include "host/config/error_places.hpp"

#include <algorithm>

namespace schedrig::config {

bool ErrorPlaces::within(const Node& value) const {
  if (places_.empty()) {
    return false;
  }
  if (at(value.pos)) {
    return true;
  }
  const auto below = [this](const Node& item) { return within(item); };
  return std::ranges::any_of(value.items, below) ||
         std::ranges::any_of(value.members, [&](const Member& member) {
           return at(member.key_pos) || within(member.value);
         });
}

} // namespace schedrig::config
