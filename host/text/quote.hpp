// SPDX-License-Identifier: MIT
// Text from a user or a guest, made fit for a message. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace schedrig::text {

// The text in double quotes: control characters and bytes that are no UTF-8 become \xNN (they could
// drive a terminal), quotes and backslashes are escaped, and after 80 bytes it is cut with "...".
[[nodiscard]] std::string quote(std::string_view text);

// The same without quotes, escapes of quotes and cut: for text that is shown as it stands.
[[nodiscard]] std::string printable(std::string_view text);

// As printable, but tabs stay, and after `most` bytes it is cut with "...": for one line.
[[nodiscard]] std::string shown(std::string_view text, std::size_t most);
// The same for text of several lines, each of which is cut for itself.
[[nodiscard]] std::string shown_lines(std::string_view text, std::size_t most);

// Bytes of the UTF-8 character that `text` begins with; 0 where it begins with none. Requires: not
// empty. Overlong forms, surrogates and values above U+10FFFF are none (RFC 3629, section 4).
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

} // namespace schedrig::text
