// SPDX-License-Identifier: MIT
// Text from anywhere as text that XML 1.0 can hold (https://www.w3.org/TR/xml, 2.2 Characters).
// Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

namespace schedrig::report {

// Bytes that are no UTF-8 and characters that XML lacks, such as escape, become U+FFFD. Escaping
// is the writer's.
[[nodiscard]] std::string xml_text(std::string_view text);

} // namespace schedrig::report
