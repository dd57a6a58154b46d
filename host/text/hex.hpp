// SPDX-License-Identifier: MIT
// Bytes as hexadecimal text, "00ff", and addresses, "0xff". Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::text {

// Two digits of either case a byte, nothing between them. An empty text is no bytes.
[[nodiscard]] Result<std::vector<std::uint8_t>> parse_hex_bytes(std::string_view text);

// As parse_hex_bytes reads it, in lower case.
[[nodiscard]] std::string format_hex_bytes(std::span<const std::uint8_t> bytes);

// "0xffff888000001000", without leading zeros.
[[nodiscard]] std::string hex_number(std::uint64_t number);

} // namespace schedrig::text
