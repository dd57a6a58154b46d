// SPDX-License-Identifier: MIT
// What reports say of scheduling commands. Thread: any.
#pragma once

#include <string>

#include "host/engine/run_report.hpp"
#include "host/json/value.hpp"

namespace schedrig::report {

// An array, in the order of asking.
[[nodiscard]] json::Value sched_commands_value(const engine::RunReport& report);
// Null if no command has shut the machine down.
[[nodiscard]] json::Value shutdown_value(const engine::RunReport& report);
// One line with its end; empty if none has.
[[nodiscard]] std::string shutdown_line(const engine::RunReport& report);

} // namespace schedrig::report
