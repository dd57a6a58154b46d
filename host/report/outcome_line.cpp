// SPDX-License-Identifier: MIT
#include "host/report/outcome_line.hpp"

#include "host/report/names.hpp"

namespace schedrig::report {

std::string outcome_line(const engine::RunReport& report) {
  return "schedrig: verdict=" + std::string(engine::to_string(report.verdict)) +
         " exit=" + std::to_string(engine::exit_code(report)) +
         " end=" + std::string(to_string(report.end)) + " backend=" + shell_quoted(report.backend) +
         " scheduler=" + shell_quoted(report.scheduler) + " seed=" + std::to_string(report.seed) +
         " config=" + shell_quoted(report.config);
}

} // namespace schedrig::report
