// SPDX-License-Identifier: MIT
// A parsed document as a tree of our own: what TOML says, in file order, each piece with its place.
// Knows nothing of the TOML library (toml_parser.cpp converts) and nothing of what keys mean.
// Owned values; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/ops.hpp>

namespace schedrig::config {

enum class NodeType : std::uint8_t { kTable, kArray, kString, kInteger, kFloat, kBool, kDateTime };

// "a string", "an integer": for messages.
[[nodiscard]] std::string_view describe(NodeType type) noexcept;

struct Member;

struct Node {
  NodeType type = NodeType::kTable;
  SourcePos pos;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;            // kString
  std::vector<Member> members; // kTable, in file order, keys distinct
  std::vector<Node> items;     // kArray

  // The value of a table's key, or null. Linear: tables are small, and hostile ones are searched
  // once per known key only.
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;
  [[nodiscard]] Node* find(std::string_view key) noexcept;
};

struct Member {
  std::string key;
  SourcePos key_pos;
  Node value;
};

} // namespace schedrig::config
