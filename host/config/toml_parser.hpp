// SPDX-License-Identifier: MIT
// Text to tree. The only module that knows the TOML library; its exceptions end here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/limits.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// The document as a table, or one error in `to`: the library stops at the first. Checks the bounds
// of limits.hpp first and takes the text out of the budget. `file` is the index of the text among
// the sources. Thread: any.
[[nodiscard]] std::optional<Node> parse_toml(std::string_view text, std::uint32_t file,
                                             Diagnostics& to, TextBudget& budget);

} // namespace schedrig::config
