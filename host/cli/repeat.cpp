// SPDX-License-Identifier: MIT
#include "host/cli/repeat.hpp"

namespace schedrig::cli {

using engine::RunEnd;
using engine::Verdict;

void Tally::add(const engine::RunReport& report) {
  ++runs_;
  ++verdicts_.at(static_cast<std::size_t>(report.verdict));
  cancelled_ = report.end == RunEnd::kInterrupted || report.end == RunEnd::kRefused;
  const int code = engine::exit_code(report);
  if (report.end == RunEnd::kInterrupted) {
    exit_code_ = code; // what ended the whole, whatever came before
  }
  if (code != 0 && !first_bad_run_) {
    first_bad_run_ = runs_;
    first_bad_seed_ = report.seed;
    exit_code_ = code;
  }
}

bool Tally::goes_on() const {
  if (cancelled_ || (options_.until_fail && first_bad_run_)) {
    return false;
  }
  return (options_.count == 0 && options_.until_fail) || runs_ < options_.count;
}

std::string Tally::line() const {
  std::string text = std::to_string(runs_) + (runs_ == 1 ? " run:" : " runs:");
  std::string_view separator = " ";
  for (const Verdict verdict :
       {Verdict::kPass, Verdict::kFail, Verdict::kInconclusive, Verdict::kSkip, Verdict::kError}) {
    if (const std::uint64_t count = verdicts_.at(static_cast<std::size_t>(verdict)); count > 0) {
      text += separator;
      text += std::to_string(count) + " " + std::string(engine::to_string(verdict));
      separator = ", ";
    }
  }
  if (first_bad_run_) {
    text += "; the first that did not pass was run " + std::to_string(*first_bad_run_) + ", seed " +
            std::to_string(first_bad_seed_);
  }
  return text + "\n";
}

} // namespace schedrig::cli
