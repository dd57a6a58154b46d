// SPDX-License-Identifier: MIT
// A strict reader of KTAP version 1 (Linux 6.12, Documentation/dev-tools/ktap.rst) for tests: plans
// are required, numbers run from 1, a subtest lies two spaces deep, unknown lines are errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::test {

struct KtapResult {
  bool ok = false;
  std::string description;
  std::string directive;                // "SKIP", ...; empty: none
  std::string diagnostic;               // behind it
  std::vector<std::string> diagnostics; // lines before the result
  std::vector<KtapResult> subtests;
};

// The results of the outermost level. Errors: kBadData with the line's number.
[[nodiscard]] Result<std::vector<KtapResult>> parse_ktap(std::string_view text);

} // namespace schedrig::test
