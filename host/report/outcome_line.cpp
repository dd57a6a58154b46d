// SPDX-License-Identifier: MIT
#include "host/report/outcome_line.hpp"

#include "host/report/names.hpp"

namespace schedrig::report {

std::string outcome_line(const engine::RunReport& report, int exit_code) {
  return "schedrig: verdict=" + std::string(engine::to_string(report.verdict)) +
         " exit=" + std::to_string(exit_code) + " end=" + std::string(to_string(report.end)) +
         " backend=" + shell_quoted(report.backend) +
         " scheduler=" + shell_quoted(report.scheduler) + " seed=" + std::to_string(report.seed) +
         " config=" + shell_quoted(report.config);
}

std::string outcome_line(int exit_code, const std::string& config) {
  engine::RunEnd end = engine::RunEnd::kInfrastructure;
  switch (exit_code) { // docs/reference/exit-codes.md
  case 2:
    end = engine::RunEnd::kRefused;
    break;
  case 124:
    end = engine::RunEnd::kDeadline;
    break;
  case 130:
    end = engine::RunEnd::kInterrupted;
    break;
  default:
    break;
  }
  return "schedrig: verdict=error exit=" + std::to_string(exit_code) +
         " end=" + std::string(to_string(end)) + " config=" + shell_quoted(config);
}

} // namespace schedrig::report
