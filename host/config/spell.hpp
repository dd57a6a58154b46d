// SPDX-License-Identifier: MIT
// Values and types in words and in TOML, for documents and messages. Pure; thread: any.
#pragma once

#include <string>

#include "host/config/field.hpp"
#include "host/config/form.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// As a TOML file could say it, on one line.
[[nodiscard]] std::string spell_value(const Node& value);

// "a duration", "\"normal\", \"batch\" or \"idle\"", "an integer, 1 to 10000": every way to write
// the field.
[[nodiscard]] std::string spell_type(const FieldInfo& info);

// Bounds in the unit of the kind: "\"1ms\" to \"1s\""; empty: none.
[[nodiscard]] std::string spell_bounds(FieldKind kind, std::int64_t minimum, std::int64_t maximum);

} // namespace schedrig::config
