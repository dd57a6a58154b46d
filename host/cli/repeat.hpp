// SPDX-License-Identifier: MIT
// Several runs of one scenario: how many, with which seeds, and what they come to. Pure; thread:
// host.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "host/engine/run_report.hpp"

namespace schedrig::cli {

struct RepeatOptions {
  std::uint64_t count = 0; // 0: not given
  bool until_fail = false; // stop at the first run that does not pass; without a count: only then

  [[nodiscard]] bool several() const { return count > 1 || (count == 0 && until_fail); }
};

class Tally {
 public:
  explicit Tally(const RepeatOptions& options) : options_(options) {}

  void add(const engine::RunReport& report);
  // Whether there is another run to be made.
  [[nodiscard]] bool goes_on() const;

  [[nodiscard]] std::uint64_t runs() const { return runs_; }
  // Of the first run that did not pass, else 0.
  [[nodiscard]] int exit_code() const { return exit_code_; }
  // "12 runs: 11 pass, 1 fail; the first that did not pass was run 7, seed 7\n"
  [[nodiscard]] std::string line() const;

 private:
  RepeatOptions options_;
  std::uint64_t runs_ = 0;
  std::array<std::uint64_t, 5> verdicts_{}; // by engine::Verdict
  int exit_code_ = 0;
  std::optional<std::uint64_t> first_bad_run_;
  std::uint64_t first_bad_seed_ = 0;
  bool cancelled_ = false;
};

} // namespace schedrig::cli
