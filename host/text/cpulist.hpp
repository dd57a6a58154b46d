// SPDX-License-Identifier: MIT
// CPU lists as the kernel writes and reads them: "0-3,8" (Documentation/admin-guide/
// kernel-parameters.rst, "cpu lists"; lib/bitmap-str.c). Groups ("0-9:2/4") are not read: no file
// that we use holds them. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::text {

// CPU numbers that a list may hold at most: Debian's CONFIG_NR_CPUS on x86-64.
inline constexpr std::uint32_t kCpulistLimit = 8192;

// Ascending and distinct, whatever order the text has. An empty text and one trailing newline are
// fine, as in the kernel's files. kInvalidArgument: anything else that is no list, a range that
// runs backwards, a CPU >= kCpulistLimit.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpulist(std::string_view text);

// Requires: ascending, distinct.
[[nodiscard]] std::string format_cpulist(std::span<const std::uint32_t> cpus);

} // namespace schedrig::text
