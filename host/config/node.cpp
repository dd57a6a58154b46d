// SPDX-License-Identifier: MIT
#include "host/config/node.hpp"

#include <utility>

namespace schedrig::config {

std::string_view describe(NodeType type) noexcept {
  switch (type) {
  case NodeType::kTable:
    return "a table";
  case NodeType::kArray:
    return "a list";
  case NodeType::kString:
    return "a string";
  case NodeType::kInteger:
    return "an integer";
  case NodeType::kFloat:
    return "a float";
  case NodeType::kBool:
    return "a boolean";
  case NodeType::kDateTime:
    return "a date or time";
  }
  return "a value";
}

const Node* Node::find(std::string_view key) const noexcept {
  for (const Member& member : members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

Node* Node::find(std::string_view key) noexcept {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

} // namespace schedrig::config
