// SPDX-License-Identifier: MIT
// Bytes as hexadecimal text: "00ff". Thread: any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::text {

// Two digits of either case a byte, nothing between them. An empty text is no bytes.
[[nodiscard]] Result<std::vector<std::uint8_t>> parse_hex_bytes(std::string_view text);

} // namespace schedrig::text
