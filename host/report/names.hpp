// SPDX-License-Identifier: MIT
// Spellings that reports share. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

[[nodiscard]] std::string_view to_string(engine::RunEnd end) noexcept;
[[nodiscard]] std::string_view to_string(engine::OpStatus status) noexcept;
[[nodiscard]] std::string_view to_string(StatusCode code) noexcept;
[[nodiscard]] std::string_view to_string(engine::SchedulerEventKind kind) noexcept;

// As a POSIX shell would have to be given it: unchanged where nothing needs quoting.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// Text from a guest, fit for a terminal: it must not move the cursor or change colours.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace schedrig::report
