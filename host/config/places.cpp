// SPDX-License-Identifier: MIT
#include "host/config/places.hpp"

#include <algorithm>

#include "host/text/nearest.hpp"

namespace schedrig::config {
namespace {

// The first part of a dotted path, which is taken off it.
std::string_view next_key(std::string_view& path) {
  const std::size_t dot = path.find('.');
  const std::string_view key = path.substr(0, dot);
  path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  return key;
}

// As far as the path leads; what it does not lead over is left in it.
const Node& follow(const Node& from, std::string_view& path) {
  const Node* at = &from;
  while (!path.empty()) {
    std::string_view rest = path;
    const Node* next = at->find(next_key(rest));
    if (next == nullptr) {
      break;
    }
    at = next;
    path = rest;
  }
  return *at;
}

} // namespace

Places::Places(const Node& document, std::span<const Diagnostic> errors) : document_(document) {
  for (const Diagnostic& error : errors) {
    errors_.add(error.pos);
  }
  note(document);
}

// A table that a header implies begins where the header's own does: the inner one is meant.
void Places::note(const Node& value) {
  if (value.type == NodeType::kTable) {
    tables_[key_of(value.pos)] = &value;
  }
  std::ranges::for_each(value.items, [this](const Node& item) { note(item); });
  std::ranges::for_each(value.members, [this](const Member& member) { note(member.value); });
}

SourcePos Places::of(SourcePos table, std::string_view path) const {
  const auto found = tables_.find(key_of(table));
  return found == tables_.end() || path.empty() ? table : follow(*found->second, path).pos;
}

bool Places::sound(SourcePos table, std::string_view path) const {
  const auto found = tables_.find(key_of(table));
  if (found == tables_.end()) {
    return true;
  }
  const Node& value = follow(*found->second, path);
  return !path.empty() || !errors_.within(value);
}

bool Places::sound(std::string_view path) const {
  const Node& value = follow(document_, path);
  if (path.empty()) {
    return !errors_.within(value);
  }
  const std::string_view key = next_key(path);
  return value.type == NodeType::kTable &&
         std::ranges::none_of(value.members, [&](const Member& member) {
           return errors_.at(member.key_pos) && text::nearest(member.key, {&key, 1});
         });
}

} // namespace schedrig::config
