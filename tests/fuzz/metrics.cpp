// SPDX-License-Identifier: MIT
// What a payload printed: JSON and lines, whole and cut off.
#include <cmath>

#include "host/engine/payload_metrics.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  for (const auto format : {PayloadOutput::kJson, PayloadOutput::kLines}) {
    for (const bool whole : {true, false}) {
      const auto read = engine::read_metrics(format, fuzz::as_text(data, size), whole);
      fuzz::require(read.metrics.size() <= engine::kMaxMetrics, "metrics are bounded");
      for (const engine::Metric& metric : read.metrics) {
        fuzz::require(std::isfinite(metric.value), "a metric is a number");
        fuzz::require(metric.name.size() <= engine::kMaxMetricNameBytes, "names are bounded");
      }
    }
  }
  return 0;
}
