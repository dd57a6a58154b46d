// SPDX-License-Identifier: MIT
// Sizes: "512MiB". A whole number and a binary unit (B, KiB, MiB, GiB, TiB), in bytes. Decimal
// units (MB) are refused: memory comes in powers of two and half of all readers guess wrong.
// Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::text {

// kInvalidArgument: no number, no or unknown unit, more than 2^63-1 bytes (what a TOML integer and
// a file offset hold). help says how to write it.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

// The shortest spelling that parse_size reads back: 1048576 is "1MiB", 1000 is "1000B".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

} // namespace schedrig::text
