// SPDX-License-Identifier: MIT
#include "host/config/layers.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/merge.hpp"
#include "host/config/read_file.hpp"
#include "host/config/toml_parser.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

namespace fs = std::filesystem;

// What makes two paths the same file.
std::string identity_of(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

void erase_member(Node& table, std::string_view key) {
  std::erase_if(table.members, [&](const Member& member) { return member.key == key; });
}

} // namespace

// Before anything else: a file of another version has other keys, and errors about them would
// mislead.
bool Layers::check_schema(const Node& document, std::uint32_t file) {
  constexpr std::string_view kHelp = "put `schema = 1` on the first line";
  const Node* schema = document.find("schema");
  if (schema == nullptr) {
    errors_.add({.file = file, .line = 1, .column = 1}, "the file does not say its schema",
                std::string(kHelp));
    return false;
  }
  if (schema->type != NodeType::kInteger || schema->integer != kSchema) {
    const bool integer = schema->type == NodeType::kInteger;
    errors_.add(schema->pos,
                "this schedrig reads schema 1" +
                    (integer ? ", the file has " + std::to_string(schema->integer)
                             : std::string(", schema is ") + std::string(describe(schema->type))),
                integer && schema->integer > kSchema ? "the file was written for a newer release"
                                                     : std::string(kHelp));
    return false;
  }
  if (document.members.front().key != "schema") {
    errors_.add(document.members.front().key_pos, "schema is not the first key",
                std::string(kHelp));
    return false;
  }
  return true;
}

std::optional<Node> Layers::extended(const Node& entry, const std::string& from) {
  if (entry.type != NodeType::kString) {
    errors_.add(entry.pos,
                "each value of extends must be a string, not " + std::string(describe(entry.type)),
                "name a file, relative to this one");
    return std::nullopt;
  }
  const std::string path = (fs::path(from).parent_path() / entry.text).lexically_normal().string();
  const std::string identity = identity_of(path);
  const auto again = std::ranges::find(open_, identity, &Open::identity);
  if (again != open_.end()) {
    std::string cycle;
    for (auto at = again; at != open_.end(); ++at) {
      cycle += text::printable(at->name) + " -> ";
    }
    errors_.add(entry.pos, "extends makes a cycle: " + cycle + text::printable(again->name),
                "take one of them out: a file cannot be below itself");
    return std::nullopt;
  }
  if (const auto known = done_.find(identity); known != done_.end()) {
    return known->second;
  }
  if (sources_.size() >= kMaxFiles) {
    errors_.add(entry.pos, "the config has more than " + std::to_string(kMaxFiles) + " files",
                "no scenario needs that: look for a mistake in what wrote the files");
    return std::nullopt;
  }
  auto text = read_file(path, kMaxFileBytes);
  if (!text) {
    errors_.add(entry.pos,
                "extends " + text::quote(entry.text) +
                    (path == entry.text ? "" : ", that is " + text::quote(path)) + ": " +
                    text.error().message,
                "paths are relative to the file that says them");
    return std::nullopt;
  }
  return load_text(path, *std::move(text), SourceKind::kFile);
}

bool Layers::merge_bases(const Node& extends, const std::string& from, Node& to) {
  if (extends.type != NodeType::kArray) {
    errors_.add(extends.pos, "extends must be a list, not " + std::string(describe(extends.type)),
                "write [\"base.toml\"]");
    return false;
  }
  bool good = true;
  for (const Node& entry : extends.items) {
    if (auto base = extended(entry, from)) {
      merge_over(to, *std::move(base), scenario_forms());
    } else {
      good = false; // the others' errors are wanted, too
    }
  }
  return good;
}

std::optional<Node> Layers::load_open(std::string name, std::string text, SourceKind kind) {
  const auto file = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back({name, std::move(text), kind});
  std::optional<Node> document = parse_toml(sources_[file].text, file, errors_, budget_);
  if (!document || !check_schema(*document, file)) {
    return std::nullopt;
  }
  Node merged;
  const Node* extends = document->find("extends");
  if (extends != nullptr && !merge_bases(*extends, name, merged)) {
    return std::nullopt;
  }
  erase_member(*document, "extends");
  merge_over(merged, *std::move(document), scenario_forms());
  return merged;
}

std::optional<Node> Layers::load_text(std::string name, std::string text, SourceKind kind) {
  const std::string identity = identity_of(name);
  open_.push_back({identity, name});
  auto merged = load_open(std::move(name), std::move(text), kind);
  open_.pop_back();
  if (merged && !open_.empty()) {
    done_.emplace(identity, *merged);
  }
  return merged;
}

std::optional<Node> Layers::load_file(const std::string& path, SourceKind kind) {
  auto text = read_file(path, kMaxFileBytes);
  if (text) {
    return load_text(path, *std::move(text), kind);
  }
  const auto file = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back({path, {}, kind});
  errors_.add({.file = file, .line = 0, .column = 0}, text.error().message, text.error().help);
  return std::nullopt;
}

} // namespace schedrig::config
