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

// Text from a guest or a user on one line of a terminal: it must not move the cursor, change
// colours or fill the screen. The JSON document has it whole.
[[nodiscard]] std::string printable(std::string_view text);
// The same for a name among others on a line.
[[nodiscard]] std::string printable_name(std::string_view name);

} // namespace schedrig::report
