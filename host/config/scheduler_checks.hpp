// SPDX-License-Identifier: MIT
// The middle layer of [checks]: what a scheduler's plugin asks of its runs (check_defaults.hpp of
// the SDK), above schedrig's own defaults and below what the config says. Pure; thread: any.
#pragma once

#include <string_view>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// Lays `checks`, lines of a [checks] table, below the document's and decodes the result. They
// become a source of their own. What is wrong with them is returned; then `to` is as it was.
[[nodiscard]] std::vector<Diagnostic> lay_scheduler_checks(std::string_view scheduler,
                                                           std::string_view checks,
                                                           Sources& sources, Node& document,
                                                           ChecksConfig& to);

} // namespace schedrig::config
