// SPDX-License-Identifier: MIT
// Diagnostics as text for people, in the form that compilers use:
//
//   quickstart.toml:7:1: error: unknown key "memroy" in [machine]
//       7 | memroy = "512MiB"
//         | ^
//   help: did you mean "memory"?
//
// Thread: any.
#pragma once

#include <span>
#include <string>

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

struct RenderOptions {
  bool colour = false;   // SGR sequences around the severity, the caret and "help:"
  bool warnings = false; // they say "warning:", and do not keep anything from running
};

// One block an error, each ends with a newline. Control characters of the source are made visible,
// and a long line is cut around the caret. A position that the sources do not have is shown
// without a source line.
[[nodiscard]] std::string render(std::span<const Diagnostic> diagnostics, const Sources& sources,
                                 RenderOptions options = {});

} // namespace schedrig::config
