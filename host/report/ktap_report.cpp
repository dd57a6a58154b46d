// SPDX-License-Identifier: MIT
#include "host/report/ktap_report.hpp"

#include <algorithm>

#include "host/report/cases.hpp"
#include "host/report/names.hpp"

namespace schedrig::report {
namespace {

using engine::RunEnd;
using engine::RunReport;
using engine::Verdict;

constexpr std::string_view kIndent = "  ";

// '#' begins a directive.
std::string description(std::string_view text) {
  std::string name = printable(text);
  std::ranges::replace(name, '#', '_');
  return name;
}

std::string diagnostics(std::string_view lines, std::string_view indent) {
  std::string text;
  while (!lines.empty()) {
    const std::size_t n = std::min(lines.find('\n'), lines.size());
    text += std::string(indent) + "# " + printable(lines.substr(0, n)) + "\n";
    lines.remove_prefix(std::min(n + 1, lines.size()));
  }
  return text;
}

// KTAP has no inconclusive: it is a test that an error kept from an answer.
std::string directive(const Case& one, RunEnd end) {
  const std::string message = one.message.empty() ? "" : " " + printable(one.message);
  if (one.expected) {
    return " # XFAIL" + message;
  }
  switch (one.verdict) {
  case Verdict::kSkip:
    return " # SKIP" + message;
  case Verdict::kPass:
    return "";
  case Verdict::kInconclusive:
    return " # ERROR inconclusive:" + message;
  case Verdict::kFail:
    return message.empty() ? "" : " #" + message;
  case Verdict::kError:
    break;
  }
  return (end == RunEnd::kDeadline ? " # TIMEOUT" : " # ERROR") + message;
}

std::string result_line(std::size_t number, std::string_view name, const Case& one, RunEnd end) {
  const bool ok = one.expected || one.verdict <= Verdict::kPass;
  return std::string(ok ? "ok " : "not ok ") + std::to_string(number) + " " + description(name) +
         directive(one, end) + "\n";
}

} // namespace

std::string ktap_report(const RunReport& report, std::string_view reproduce) {
  const std::vector<Case> cases = cases_of(report);
  std::string text = "KTAP version 1\n1..1\n";
  const std::string indent(kIndent);
  text += indent + "KTAP version 1\n";
  text += indent + "# Subtest: " + description(report.name) + "\n";
  text += indent + "1.." + std::to_string(cases.size()) + "\n";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    text += diagnostics(one.details, kIndent);
    const std::string name = one.group == one.name ? one.name : one.group + " " + one.name;
    text += indent + result_line(i + 1, name, one, report.end);
  }
  text += diagnostics("backend " + report.backend + ", scheduler " + report.scheduler + ", " +
                          report.topology + ", seed " + std::to_string(report.seed),
                      "");
  const Case whole{.verdict = report.verdict,
                   .message = report.cause && report.verdict != Verdict::kPass
                                  ? report.cause->message
                                  : std::string()};
  if (report.verdict != Verdict::kPass) {
    text += "# reproduce: " + std::string(reproduce) + "\n";
  }
  return text + result_line(1, report.name, whole, report.end);
}

} // namespace schedrig::report
