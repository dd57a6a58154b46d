// SPDX-License-Identifier: MIT
// CPU masks as hexadecimal text: bitmap_parse() and "%*pb" (lib/bitmap-str.c, lib/vsprintf.c of
// Linux 6.18). Returned errors are positive errno values, 0 is success. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock {

// "ff", "1,00000000": chunks of 32 bits, the last one lowest. EINVAL: not hexadecimal. EOVERFLOW:
// a chunk of more than 8 digits, or bits at `nbits` or above.
[[nodiscard]] int parse_mask(std::string_view text, std::uint32_t nbits, CpuMask& mask);
[[nodiscard]] std::string format_mask(const CpuMask& mask, std::uint32_t nbits);

} // namespace schedrig::mock
