// SPDX-License-Identifier: MIT
// The run as one versioned JSON document (docs/reference/report.md). The same report gives the same
// bytes. Pure; thread: any.
#pragma once

#include <string>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// Version of the document's shape: members may be added within it, never change or go.
inline constexpr std::int64_t kJsonSchema = 1;

// Ends with a newline.
[[nodiscard]] std::string json_document(const engine::RunReport& report);

} // namespace schedrig::report
