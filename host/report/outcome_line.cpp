// SPDX-License-Identifier: MIT
#include "host/report/outcome_line.hpp"

#include "host/report/names.hpp"

namespace schedrig::report {
namespace {

constexpr std::string_view kStart = "schedrig: verdict=";
constexpr std::size_t kLongestLine = 64U << 10U; // an outcome has names and a path

} // namespace

std::string outcome_line(const engine::RunReport& report, int exit_code) {
  return std::string(kStart) + std::string(engine::to_string(report.verdict)) +
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
  return std::string(kStart) + "error exit=" + std::to_string(exit_code) +
         " end=" + std::string(to_string(end)) + " config=" + shell_quoted(config);
}

void OutcomeLast::take(std::string_view text) {
  begun_ += text;
  for (std::size_t end = begun_.find('\n'); end != std::string::npos; end = begun_.find('\n')) {
    const std::string line = begun_.substr(0, end + 1);
    begun_.erase(0, end + 1);
    if (line.starts_with(kStart)) {
      write_(std::exchange(outcome_, line));
    } else {
      write_(line);
    }
  }
  if (begun_.size() > kLongestLine) {
    write_(std::exchange(begun_, {}));
  }
}

void OutcomeLast::finish(bool holds) {
  write_(std::exchange(begun_, {}));
  write_(holds ? std::exchange(outcome_, {}) : std::string());
}

} // namespace schedrig::report
