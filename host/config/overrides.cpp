// SPDX-License-Identifier: MIT
#include "host/config/overrides.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/config/decode_scenario.hpp"
#include "host/config/limits.hpp"
#include "host/config/merge.hpp"
#include "host/config/toml_parser.hpp"
#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::string_view kHelp = "write --set 'a.b[2].c=VALUE', with VALUE as in a TOML file";

// A step into the document: a key of a table, or an element of a list.
struct PathPart {
  std::string key;
  std::optional<std::uint64_t> index;
  SourcePos pos;
};

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Columns count characters; a path may hold others than ASCII in quoted keys only.
std::uint32_t column_of(std::string_view text, std::size_t offset) {
  std::uint32_t column = 1;
  for (const char c : text.substr(0, offset)) {
    column += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
  }
  return column;
}

class PathParser {
 public:
  PathParser(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

  // The parts and where VALUE begins, or nullopt with at() telling where it went wrong.
  std::optional<std::vector<PathPart>> run() {
    std::vector<PathPart> parts;
    bool after_dot = true;
    while (at_ < text_.size() && text_[at_] != '=') {
      std::optional<PathPart> part;
      if (text_[at_] == '[' && !after_dot) {
        part = index();
      } else if (after_dot) {
        part = key();
      }
      if (!part || parts.size() == kMaxKeyParts) {
        return std::nullopt;
      }
      parts.push_back(*std::move(part));
      after_dot = at_ < text_.size() && text_[at_] == '.';
      at_ += after_dot ? 1 : 0;
    }
    if (parts.empty() || after_dot || at_ == text_.size()) {
      return std::nullopt;
    }
    ++at_;
    return parts;
  }

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] SourcePos pos(std::size_t offset) const {
    return {.file = file_, .line = 1, .column = column_of(text_, offset)};
  }

 private:
  std::optional<PathPart> key() {
    const std::size_t begin = at_;
    if (text_[at_] == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) {
        return std::nullopt;
      }
      at_ = end + 1;
      return PathPart{std::string(text_.substr(begin + 1, end - begin - 1)), {}, pos(begin)};
    }
    while (at_ < text_.size() && is_bare(text_[at_])) {
      ++at_;
    }
    if (at_ == begin) {
      return std::nullopt;
    }
    return PathPart{std::string(text_.substr(begin, at_ - begin)), {}, pos(begin)};
  }

  std::optional<PathPart> index() {
    const std::size_t begin = at_;
    const std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const auto number = text::parse_decimal(text_.substr(begin + 1, end - begin - 1));
    if (!number) {
      return std::nullopt;
    }
    at_ = end + 1;
    return PathPart{{}, *number, pos(begin)};
  }

  std::string_view text_;
  std::uint32_t file_;
  std::size_t at_ = 0;
};

void move_positions(Node& node, std::uint32_t columns) {
  const auto moved = [&](SourcePos& pos) { pos.column += pos.line == 1 ? columns : 0; };
  moved(node.pos);
  for (Member& member : node.members) {
    moved(member.key_pos);
    move_positions(member.value, columns);
  }
  for (Node& item : node.items) {
    move_positions(item, columns);
  }
}

// VALUE alone is no document: it is parsed behind "x=", and positions are moved back.
std::optional<Node> parse_value(std::string_view set, std::size_t begin, std::uint32_t file,
                                Diagnostics& to) {
  constexpr std::string_view kKey = "x=";
  const std::uint32_t before = column_of(set, begin);
  Diagnostics errors;
  TextBudget budget;
  auto parsed =
      parse_toml(std::string(kKey) + std::string(set.substr(begin)), file, errors, budget);
  if (parsed && parsed->members.size() == 1) {
    Node value = std::move(parsed->members.front().value);
    move_positions(value, before - 1 - static_cast<std::uint32_t>(kKey.size()));
    return value;
  }
  const SourcePos pos{.file = file, .line = 1, .column = before};
  to.add(pos, text::quote(set.substr(begin)) + " is not a TOML value",
         "strings need quotes: --set '" + text::printable(set.substr(0, begin)) + "\"...\"'");
  return std::nullopt;
}

std::string path_so_far(const std::vector<PathPart>& parts, std::size_t count) {
  std::string path;
  for (std::size_t i = 0; i < count; ++i) {
    const PathPart& part = parts[i];
    path +=
        part.index ? "[" + std::to_string(*part.index) + "]" : (path.empty() ? "" : ".") + part.key;
  }
  return path.empty() ? "the top level" : text::printable(path);
}

// Where the part leads from `node`; a missing table member is made. Null after an error.
Node* follow(Node& node, const std::vector<PathPart>& parts, std::size_t i, Diagnostics& to) {
  const PathPart& part = parts[i];
  const NodeType wanted = part.index ? NodeType::kArray : NodeType::kTable;
  if (node.type != wanted) {
    to.add(part.pos,
           path_so_far(parts, i) + " is " + std::string(describe(node.type)) + ", not " +
               std::string(describe(wanted)),
           std::string(kHelp));
    return nullptr;
  }
  if (part.index) {
    if (*part.index >= node.items.size()) {
      to.add(part.pos,
             path_so_far(parts, i) + " has " + std::to_string(node.items.size()) + " elements",
             "they are counted from 0; a list as a whole can be replaced");
      return nullptr;
    }
    return &node.items[*part.index];
  }
  if (Node* member = node.find(part.key)) {
    return member;
  }
  node.members.push_back({part.key, part.pos, Node{}});
  node.members.back().value.pos = part.pos;
  return &node.members.back().value;
}

} // namespace

void apply_set(std::string_view set, std::uint32_t file, Node& document, Diagnostics& to) {
  PathParser parser(set, file);
  const auto parts = parser.run();
  if (!parts) {
    to.add(parser.pos(parser.at()), "this is not KEY=VALUE", std::string(kHelp));
    return;
  }
  auto value = parse_value(set, parser.at(), file, to);
  if (!value) {
    return;
  }
  Node* target = &document;
  std::vector<Form> forms(scenario_forms().begin(), scenario_forms().end());
  for (std::size_t i = 0; i < parts->size() && target != nullptr; ++i) {
    target = follow(*target, *parts, i, to);
    forms = (*parts)[i].index ? forms_of_items(forms) : forms_of_key(forms, (*parts)[i].key);
  }
  if (target != nullptr) {
    merge_over(*target, *std::move(value), forms);
  }
}

} // namespace schedrig::config
