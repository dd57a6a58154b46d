// SPDX-License-Identifier: MIT
// Payloads in reports: members of the JSON document and lines of the console summary. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "host/engine/run_report.hpp"
#include "host/json/value.hpp"

namespace schedrig::report {

// One of payloads[].
[[nodiscard]] json::Value payload_value(const engine::PayloadRecord& payload);

// payloads[]: docs/reference/report.md.
[[nodiscard]] json::Value payloads_value(const std::vector<engine::PayloadRecord>& payloads);

// metrics{}: for each payload (and cgroup) those of its last execution.
[[nodiscard]] json::Value metrics_value(const std::vector<engine::PayloadRecord>& payloads);

// A line for each execution, with the end of its stderr when it failed, and those failed checks
// below it that no gate has put among the run's.
[[nodiscard]] std::string payload_lines(const std::vector<engine::PayloadRecord>& payloads);

} // namespace schedrig::report
