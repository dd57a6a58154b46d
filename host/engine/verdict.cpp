// SPDX-License-Identifier: MIT
#include "host/engine/verdict.hpp"

#include <algorithm>

#include "host/engine/checks.hpp"
#include "host/engine/payload_checks.hpp"
#include "host/engine/value_checks.hpp"

namespace schedrig::engine {
namespace {

void add_checks(const Scenario& scenario, const KernelLog& kernel_log, RunReport& report) {
  report.checks = evaluate_checks(scenario.checks, report.workers);
  if (auto check = kernel_log_check(scenario.checks, kernel_log); check) {
    report.checks.push_back(*std::move(check));
  }
  report.checks.insert(report.checks.end(), report.monitor_checks.begin(),
                       report.monitor_checks.end());
  const auto values = value_checks(scenario.checks.values, report.snapshots);
  report.checks.insert(report.checks.end(), values.begin(), values.end());
  const auto gates = gating_checks(scenario.payloads, report.payloads);
  report.checks.insert(report.checks.end(), gates.begin(), gates.end());
}

// Of a run that the rig itself could not carry out nobody knows how it would have ended.
Verdict verdict_of_cause(const RunReport& report) {
  const auto worst = std::ranges::max_element(report.steps, {}, &StepRecord::verdict);
  const Verdict steps = worst == report.steps.end() ? Verdict::kPass : worst->verdict;
  return std::max(steps, report.backdrop.verdict) == Verdict::kInconclusive ? Verdict::kInconclusive
                                                                            : Verdict::kFail;
}

void apply_expected_failure(RunReport& report) {
  if (report.verdict == Verdict::kFail) {
    report.verdict = Verdict::kPass;
  } else if (report.verdict == Verdict::kPass) {
    report.verdict = Verdict::kFail;
    report.cause =
        Error{StatusCode::kGuestFailed, "the run passed, but the scenario says expect = \"fail\"",
              "remove expect, or make the scenario fail again", 0};
  }
}

} // namespace

void judge(const Scenario& scenario, const KernelLog& kernel_log, RunReport& report) {
  add_checks(scenario, kernel_log, report);
  report.verdict = report.cause ? verdict_of_cause(report) : Verdict::kPass; // skip is weaker
  const auto worst = std::ranges::max_element(report.checks, {}, &CheckRecord::verdict);
  if (worst != report.checks.end() && worst->verdict > report.verdict) {
    report.verdict = worst->verdict;
    report.cause = Error{StatusCode::kGuestFailed, "check " + worst->name + ": " + worst->observed,
                         "limit: " + worst->limit, 0};
  }
  if (scenario.run.expect == Expectation::kFail) {
    apply_expected_failure(report);
  }
}

} // namespace schedrig::engine
