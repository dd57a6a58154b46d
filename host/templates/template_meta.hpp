// SPDX-License-Identifier: MIT
// What a cached template is of: its fields as text, and the key that they come to. Pure; thread:
// any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace schedrig::templates {

// As the plugin's template_fields tells them, in its order.
using Fields = std::vector<std::pair<std::string, std::string>>;

// A line "key=value" each. What would end a line, or the key, becomes a space.
[[nodiscard]] std::string write_fields(const Fields& fields);
// As write_fields writes them; a line without '=' is passed over.
[[nodiscard]] Fields read_fields(std::string_view text);

// The name of the template with these fields.
[[nodiscard]] std::string key_of(const Fields& fields);

} // namespace schedrig::templates
