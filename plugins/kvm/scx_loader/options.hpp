// SPDX-License-Identifier: MIT
// The command line of schedrig-scx: OBJECT, then any number of global NAME=VALUE and
// ops NAME=NUMBER pairs. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::scx {

struct Options {
  std::string object;
  std::vector<std::pair<std::string, std::string>> globals;
  std::vector<std::pair<std::string, std::uint64_t>> fields;
};

// kInvalidArgument says how it is used.
[[nodiscard]] Result<Options> parse_options(int argc, const char* const* argv);

} // namespace schedrig::scx
