// SPDX-License-Identifier: MIT
// The files of a config: each with those that it extends below it. Every file begins with its
// schema; `extends` is relative to the file that says it, and a file that several extend is read
// once. Reads files; thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/limits.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// The version of the format: `schema = 1`.
inline constexpr std::int64_t kSchema = 1;

// Files of one config at most, overlays included: a base, a machine, a workload and some variants
// are a dozen.
inline constexpr std::size_t kMaxFiles = 64;

class Layers {
 public:
  // Both must outlive the object. Every file that is read becomes a source.
  Layers(Sources& sources, Diagnostics& errors) : sources_(sources), errors_(errors) {}

  // The document of a text merged over what it extends, without the key `extends` itself; nothing
  // after an error. `name` is its path as it is shown.
  std::optional<Node> load_text(std::string name, std::string text, SourceKind kind);

  // The same for a file. What keeps it from being read is an error of the file as a whole.
  std::optional<Node> load_file(const std::string& path, SourceKind kind);

 private:
  struct Open { // a file whose bases are being read
    std::string identity;
    std::string name;
  };

  std::optional<Node> extended(const Node& entry, const std::string& from);
  std::optional<Node> load_open(std::string name, std::string text, SourceKind kind);
  bool check_schema(const Node& document, std::uint32_t file);
  bool merge_bases(const Node& extends, const std::string& from, Node& to);

  Sources& sources_;
  Diagnostics& errors_;
  TextBudget budget_;
  std::vector<Open> open_;
  std::unordered_map<std::string, Node> done_; // by identity
};

} // namespace schedrig::config
