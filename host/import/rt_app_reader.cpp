// SPDX-License-Identifier: MIT
#include "host/import/rt_app_reader.hpp"

#include <algorithm>
#include <utility>

#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::import {

void Reader::problem(json::Place place, std::string message, std::string help) {
  // As many as are shown of a config; a hostile file can hold a million.
  constexpr std::size_t kMost = 200;
  if (count_++ < kMost) {
    to_.push_back({place, std::move(message), std::move(help)});
  }
}

bool Reader::is(const json::LocatedMember& member, json::LocatedType type) {
  if (member.value.type == type) {
    return true;
  }
  problem(member.value.place, text::quote(member.key) + " must be " +
                                  std::string(json::describe(type)) + ", not " +
                                  std::string(json::describe(member.value.type)));
  return false;
}

std::optional<std::int64_t> Reader::integer(const json::LocatedMember& member, std::int64_t minimum,
                                            std::int64_t maximum) {
  if (!is(member, json::LocatedType::kInteger)) {
    return std::nullopt;
  }
  const std::int64_t value = member.value.integer;
  if (value < minimum || value > maximum) {
    problem(member.value.place,
            text::quote(member.key) + " is " + std::to_string(value) + ", out of range",
            std::to_string(minimum) + " to " + std::to_string(maximum));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> Reader::name(const json::LocatedMember& member) {
  if (!is(member, json::LocatedType::kString)) {
    return std::nullopt;
  }
  if (member.value.text.empty()) {
    problem(member.value.place, text::quote(member.key) + " needs a name");
    return std::nullopt;
  }
  return member.value.text;
}

bool Reader::has_only(const json::LocatedMember& object, std::vector<std::string_view> keys) {
  if (!is(object, json::LocatedType::kObject)) {
    return false;
  }
  const std::size_t before = problems();
  std::vector<std::string_view> seen;
  for (const json::LocatedMember& member : object.value.members) {
    if (std::ranges::find(keys, member.key) == keys.end()) {
      unknown_key(member, text::quote(object.key), keys);
    } else if (std::ranges::find(seen, member.key) != seen.end()) {
      twice(member);
    }
    seen.push_back(member.key);
  }
  return problems() == before;
}

void Reader::unknown_key(const json::LocatedMember& member, std::string_view where,
                         const std::vector<std::string_view>& keys) {
  problem(member.key_place, "unknown key " + text::quote(member.key) + " in " + std::string(where),
          text::suggest(member.key, keys, "keys"));
}

void Reader::twice(const json::LocatedMember& member) {
  problem(member.key_place, text::quote(member.key) + " is given twice", "leave one out");
}

} // namespace schedrig::import
