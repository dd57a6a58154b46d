// SPDX-License-Identifier: MIT
// As much of JSON Schema (draft 2020-12) as our own schema uses; a keyword that it does not know is
// a failure, so that nothing is taken for checked that is not.
#pragma once

#include <string>
#include <string_view>

#include "host/config/node.hpp"
#include "host/json/value.hpp"

namespace schedrig::config {

// A document of TOML as JSON has it.
[[nodiscard]] json::Value to_json(const Node& node);

// Empty, or the first thing that is wrong, with its place.
[[nodiscard]] std::string validate_json(const json::Value& schema, const json::Value& instance);

} // namespace schedrig::config
