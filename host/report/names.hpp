// SPDX-License-Identifier: MIT
// Spellings that reports share. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

[[nodiscard]] std::string_view to_string(engine::RunEnd end) noexcept;
[[nodiscard]] std::string_view to_string(engine::OpStatus status) noexcept;
[[nodiscard]] std::string_view to_string(StatusCode code) noexcept;

// As a POSIX shell would have to be given it: unchanged where nothing needs quoting.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// For people: "1.25 s", "12.3 ms", "4 us".
[[nodiscard]] std::string human_duration(std::int64_t ns);

} // namespace schedrig::report
