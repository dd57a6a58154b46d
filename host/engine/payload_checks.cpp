// SPDX-License-Identifier: MIT
#include "host/engine/payload_checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <sys/wait.h>

#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::engine {
namespace {

constexpr std::string_view kExitCode = "exit_code";
constexpr std::string_view kWall = "wall_ns";
constexpr std::string_view kCpu = "cpu_ns";
constexpr int kSignalBase = 128; // POSIX shells: the exit status of a command that a signal ended

bool killed_by_rig(const PayloadRecord& record) {
  return record.end != PayloadEnd::kItself;
}

// Integers as such, others with 9 digits: more than any clock or counter is good for.
std::string spell(double value) {
  constexpr double kExact = 9007199254740992.0; // 2^53
  std::array<char, 32> text{};
  const bool whole = std::nearbyint(value) == value && std::fabs(value) < kExact;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.9g", value);
  return text.data();
}

std::string limit_of(const PayloadCheck& check) {
  if (check.equals) {
    return "equals " + spell(*check.equals);
  }
  if (check.minimum && check.maximum) {
    return spell(*check.minimum) + " to " + spell(*check.maximum);
  }
  if (check.minimum) {
    return "at least " + spell(*check.minimum);
  }
  if (check.maximum) {
    return "at most " + spell(*check.maximum);
  }
  return "exists";
}

bool holds(const PayloadCheck& check, double value) {
  return (!check.equals || value == *check.equals) && (!check.minimum || value >= *check.minimum) &&
         (!check.maximum || value <= *check.maximum);
}

std::string why_missing(const PayloadCheck& check, const PayloadRecord& record) {
  if (record.end == PayloadEnd::kMachineLost) {
    return "the machine no longer answered";
  }
  if (killed_by_rig(record)) {
    return "it was killed before it ended by itself";
  }
  if (!record.metrics_problem.empty()) {
    return record.metrics_problem;
  }
  std::vector<std::string_view> names;
  std::ranges::transform(record.metrics, std::back_inserter(names), &Metric::name);
  return text::suggest(check.metric, names, "it has");
}

CheckRecord evaluate(const PayloadCheck& check, const PayloadRecord& record) {
  CheckRecord result = {.name = check.metric, .limit = limit_of(check)};
  const auto metric = std::ranges::find(record.metrics, check.metric, &Metric::name);
  if (metric == record.metrics.end()) {
    const bool all_read = !killed_by_rig(record) && record.metrics_problem.empty();
    result.verdict = check.exists && all_read ? Verdict::kFail : Verdict::kInconclusive;
    result.observed =
        "there is no metric " + text::quote(check.metric) + ": " + why_missing(check, record);
    return result;
  }
  result.verdict = holds(check, metric->value) ? Verdict::kPass : Verdict::kFail;
  result.observed = spell(metric->value);
  if (check.metric == kExitCode && WIFSIGNALED(record.wait_status)) {
    result.observed += ", ended by signal " + std::to_string(WTERMSIG(record.wait_status));
  }
  return result;
}

} // namespace

std::string payload_label(const PayloadRecord& record) {
  return record.cgroup.empty() ? record.name : record.name + "@" + record.cgroup;
}

void add_common_metrics(PayloadRecord& record) {
  for (Metric& metric : record.metrics) {
    if (metric.name == kExitCode || metric.name == kWall || metric.name == kCpu) {
      metric.name.insert(0, "output.");
    }
  }
  if (killed_by_rig(record)) {
    return;
  }
  const int code = WIFSIGNALED(record.wait_status) ? kSignalBase + WTERMSIG(record.wait_status)
                                                   : WEXITSTATUS(record.wait_status);
  const std::array common = {
      Metric{.name = std::string(kExitCode), .value = static_cast<double>(code)},
      Metric{.name = std::string(kWall),
             .value = static_cast<double>(record.end_ns - record.start_ns)},
      Metric{.name = std::string(kCpu), .value = static_cast<double>(record.cpu_ns)}};
  record.metrics.insert(record.metrics.begin(), common.begin(), common.end());
}

std::vector<CheckRecord> evaluate_payload_checks(std::span<const PayloadCheck> checks,
                                                 const PayloadRecord& record) {
  std::vector<CheckRecord> results;
  std::ranges::transform(checks, std::back_inserter(results),
                         [&](const PayloadCheck& check) { return evaluate(check, record); });
  return results;
}

std::vector<CheckRecord> gating_checks(std::span<const PayloadDef> declared,
                                       const std::vector<PayloadRecord>& payloads) {
  std::vector<CheckRecord> gates;
  for (const PayloadRecord& record : payloads) {
    if (!record.gate) {
      continue;
    }
    for (CheckRecord check : record.checks) {
      check.name = "payload " + payload_label(record) + " " + check.name;
      gates.push_back(std::move(check));
    }
  }
  for (const PayloadDef& def : declared) {
    const bool ran = std::ranges::find(payloads, def.name, &PayloadRecord::name) != payloads.end();
    if (!def.gate || ran) {
      continue;
    }
    for (const PayloadCheck& check : def.checks) {
      gates.push_back({.name = "payload " + def.name + " " + check.metric,
                       .verdict = Verdict::kInconclusive,
                       .observed = "the payload never ran",
                       .limit = limit_of(check)});
    }
  }
  return gates;
}

} // namespace schedrig::engine
