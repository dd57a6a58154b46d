// SPDX-License-Identifier: MIT
// Which file may include which: sdk <- host, sdk <- plugins; a plugin includes neither host/ nor
// another plugin, host never includes plugins/; each third-party library is included in its one
// module. The rules are the tables in layers.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace schedrig::layering {

// One #include directive as it is written.
struct Include {
  std::size_t line = 0; // from 1
  bool quoted = false;  // "..." and not <...>
  std::string name;
};

// The directives of a source text. Comments are not understood: one in a block comment counts.
[[nodiscard]] std::vector<Include> includes_of(std::string_view text);

// Every breach in the C and C++ files under root's sdk/, host/, plugins/ and tests/, as
// "path:line: text", in the order of paths; `files` is how many files were looked at.
struct Findings {
  std::vector<std::string> breaches;
  std::size_t files = 0;
};
[[nodiscard]] Findings check_tree(const std::filesystem::path& root);

} // namespace schedrig::layering
