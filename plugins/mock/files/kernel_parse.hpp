// SPDX-License-Identifier: MIT
// How the kernel reads what is written to its files: kstrtoint() and friends, bitmap_parselist(),
// memparse() (lib/kstrtox.c, lib/bitmap-str.c, lib/cmdline.c of Linux 6.18), with their errors.
// Returned errors are positive errno values, 0 is success. Pure functions; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock {

// The buffer as a C string: cut at the first zero byte.
[[nodiscard]] std::string_view as_c_string(std::string_view data);
// strstrip(): without white space at both ends.
[[nodiscard]] std::string_view strip(std::string_view text);
// kstrtoull(text, 0, ..): EINVAL for what is no number, ERANGE for what does not fit. One trailing
// newline is allowed, other white space is not.
[[nodiscard]] int parse_u64(std::string_view text, std::uint64_t& value);
[[nodiscard]] int parse_s64(std::string_view text, std::int64_t& value);
[[nodiscard]] int parse_s32(std::string_view text, std::int32_t& value);
// bitmap_parselist() for `nbits` bits: "0-3,8", "0-10:2/4", "all"; empty is the empty set.
[[nodiscard]] int parse_list(std::string_view text, std::uint32_t nbits, CpuMask& mask);
// page_counter_memparse(): bytes with K, M, G, T, P, E, or `max_word`; rounded down to pages.
[[nodiscard]] int parse_memory(std::string_view text, std::uint64_t& pages);
inline constexpr std::uint64_t kPageCounterMax = INT64_MAX / 4096; // PAGE_COUNTER_MAX, 64 bit

// "%*pbl": ranges, ascending.
[[nodiscard]] std::string format_list(const CpuMask& mask);

} // namespace schedrig::mock
