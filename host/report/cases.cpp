// SPDX-License-Identifier: MIT
#include "host/report/cases.hpp"

#include <algorithm>
#include <map>

namespace schedrig::report {
namespace {

using engine::OpStatus;
using engine::RunReport;
using engine::StepRecord;
using engine::Verdict;

std::string help_line(const Error& error) {
  return error.help.empty() ? "" : "help: " + error.help + "\n";
}

// What the scheduler left behind at the exit that ended the run.
std::string exit_evidence(const RunReport& report) {
  const auto unmet = [](const engine::SchedulerEvent& event) {
    return event.kind == engine::SchedulerEventKind::kExit && !event.expected && !event.restarted;
  };
  const auto exit = std::ranges::find_if(report.scheduler_events, unmet);
  if (exit == report.scheduler_events.end()) {
    return "";
  }
  return (exit->log.empty() ? "" : "the scheduler's log:\n" + exit->log + "\n") +
         (exit->dump.empty() ? "" : "state at the exit:\n" + exit->dump + "\n");
}

std::string diagnosis(const RunReport& report) {
  if (!report.failure) {
    return "";
  }
  const triage::Diagnosis& failure = *report.failure;
  std::string text = "diagnosis: " + std::string(triage::to_string(failure.kind)) +
                     ", blame: " + std::string(triage::to_string(failure.blame)) + "\n" +
                     failure.summary + "\n";
  for (const std::string& line : failure.evidence) {
    text += "- " + line + "\n";
  }
  return text;
}

std::string evidence(const RunReport& report, const Error& error) {
  return help_line(error) + (error.code == StatusCode::kSchedulerExit
                                 ? diagnosis(report) + exit_evidence(report)
                                 : "");
}

Case step_case(const RunReport& report, const StepRecord& step, std::string name) {
  Case result{.group = "step",
              .name = std::move(name),
              .verdict = step.verdict,
              .duration_ns = step.end_ns - step.start_ns};
  const auto failed = std::ranges::find(step.ops, OpStatus::kFailed, &engine::OpRecord::status);
  if (failed != step.ops.end()) {
    const Error error = failed->error.value_or(Error{});
    result.message =
        "op " + std::to_string(failed->index) + " " + failed->kind +
        (failed->pos.line == 0 ? "" : " (line " + std::to_string(failed->pos.line) + ")") + ": " +
        error.message;
    result.details = evidence(report, error);
  } else if (step.error) {
    result.message = step.error->message;
    result.details = evidence(report, *step.error);
  } else if (step.verdict == Verdict::kSkip) {
    result.message = "the run had ended before";
  }
  return result;
}

Case check_case(const engine::CheckRecord& check) {
  const bool well = check.verdict == Verdict::kPass;
  return {.group = "check",
          .name = check.name,
          .verdict = check.verdict,
          .message = well ? "" : check.observed,
          .details =
              (well ? "observed: " + check.observed + "\n" : "") + "limit: " + check.limit + "\n"};
}

// Several executions of a payload have checks of the same name.
void make_names_distinct(std::vector<Case>& cases) {
  std::map<std::string, unsigned> seen;
  for (Case& one : cases) {
    if (const unsigned count = ++seen[one.group + "." + one.name]; count > 1) {
      one.name += " (" + std::to_string(count) + ")";
    }
  }
}

} // namespace

std::vector<Case> cases_of(const RunReport& report) {
  std::vector<Case> cases;
  const bool ran = !report.steps.empty() || report.backdrop.verdict != Verdict::kPass;
  if (ran) {
    cases.push_back(step_case(report, report.backdrop, "backdrop"));
  }
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    cases.push_back(
        step_case(report, report.steps[i], std::to_string(i + 1) + " " + report.steps[i].name));
  }
  for (const engine::CheckRecord& check : report.checks) {
    cases.push_back(check_case(check));
  }
  const auto worst = std::ranges::max_element(cases, {}, &Case::verdict);
  if (worst == cases.end() || worst->verdict < report.verdict) {
    cases.push_back({.group = "run",
                     .name = "run",
                     .verdict = report.verdict,
                     .message = report.cause ? report.cause->message : "",
                     .details = report.cause ? evidence(report, *report.cause) : ""});
  }
  make_names_distinct(cases);
  for (Case& one : cases) {
    one.expected = report.verdict == Verdict::kPass && one.verdict > Verdict::kPass;
  }
  return cases;
}

std::int64_t duration_ns(const RunReport& report) {
  return report.backdrop.end_ns - report.backdrop.start_ns;
}

} // namespace schedrig::report
