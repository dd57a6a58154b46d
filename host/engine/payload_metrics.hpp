// SPDX-License-Identifier: MIT
// Numbers out of what a payload printed. Pure; thread: any. Formats: docs/reference/ops.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

// More would make a report that nobody reads; a large benchmark prints some hundreds.
inline constexpr std::size_t kMaxMetrics = 1000;
inline constexpr std::size_t kMaxMetricNameBytes = 128;

struct ReadMetrics {
  std::vector<Metric> metrics; // in order of first appearance, names are distinct
  std::string problem;         // why some may be missing; empty: all of `output` was read
};

// `whole`: the program came to its end and nothing of its output is missing. Else the last line may
// be half a line and is passed over when it has no newline.
[[nodiscard]] ReadMetrics read_metrics(PayloadOutput format, std::string_view output, bool whole);

} // namespace schedrig::engine
