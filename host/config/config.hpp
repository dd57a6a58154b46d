// SPDX-License-Identifier: MIT
// Config files: from a path to a checked Scenario, or to every error of its files at once.
//
// Layers, lowest first: what the file extends, the file, each overlay, each --set. Tables merge,
// everything else is replaced.
//
// What is checked: TOML, keys, types, ranges, and the references that the file alone decides
// (references.hpp). What is not, because it takes more than the file: plugins and their parameters
// (bind_params.hpp), capabilities, CPUs and LLCs of the machine. Reads files, writes nothing.
// Thread: any; owned values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"
#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

struct LoadOptions {
  std::vector<std::string> overlays = {}; // paths of files
  std::vector<std::string> sets = {};     // "a.b[2].c=VALUE" with a TOML value
  bool references = true;                 // false: leave out what references.hpp checks
  HostTopology host_topology = nullptr;   // what topology = "host" means; null: refused
  // Decode what no engine runs yet instead of refusing it: for tests of the data model.
  bool accept_unlanded = false;
};

struct LoadedConfig {
  Scenario scenario; // run it only when ok(); defaults stand where values are wrong
  std::vector<Diagnostic> diagnostics;
  Sources sources; // what positions refer to: the files as they were read, then one entry a --set
  Node document;   // all layers merged; each value has its place; empty when a file was not read
  bool decoded = false; // else a layer is missing or is no TOML, and no value was looked at
  LostNames lost;       // what the errors may have hidden

  [[nodiscard]] bool ok() const noexcept { return diagnostics.empty(); }
};

// A file that cannot be read (missing, no regular file, larger than kMaxFileBytes) is a diagnostic
// like any other. `path` is shown in messages as it is given.
[[nodiscard]] LoadedConfig load_file(const std::string& path, const LoadOptions& options = {});

// The same for a text; `name` stands for the path.
[[nodiscard]] LoadedConfig load_text(std::string text, std::string name,
                                     const LoadOptions& options = {});

} // namespace schedrig::config
