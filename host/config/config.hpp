// SPDX-License-Identifier: MIT
// Config files: from a path to a checked Scenario, or to every error of the file at once.
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

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

// The version of the format: `schema = 1`.
inline constexpr std::int64_t kSchema = 1;

struct LoadOptions {
  // "a.b[2].c=VALUE", applied in order before decoding; VALUE is a TOML value and replaces what is
  // there, tables and lists included.
  std::vector<std::string> sets;
  // Decode what no engine runs yet instead of refusing it: for tests of the data model.
  bool accept_unlanded = false;
};

struct LoadedConfig {
  Scenario scenario; // to be used only when ok()
  std::vector<Diagnostic> diagnostics;
  Sources sources; // what positions refer to: the file, then one entry a --set

  [[nodiscard]] bool ok() const noexcept { return diagnostics.empty(); }
};

// A file that cannot be read (missing, no regular file, larger than kMaxFileBytes) is a diagnostic
// like any other. `path` is shown in messages as it is given.
[[nodiscard]] LoadedConfig load_file(const std::string& path, const LoadOptions& options = {});

// The same for a text; `name` stands for the path.
[[nodiscard]] LoadedConfig load_text(std::string text, std::string name,
                                     const LoadOptions& options = {});

} // namespace schedrig::config
