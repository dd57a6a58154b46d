// SPDX-License-Identifier: MIT
// The one machine-readable line that every run ends with on stderr.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// "schedrig: verdict=pass exit=0 end=complete backend=mock scheduler=eevdf seed=1 config=x.toml";
// no newline. Values with spaces or quotes are quoted as in a shell. `exit_code` is the process's:
// a report that could not be written makes it another than the verdict's.
[[nodiscard]] std::string outcome_line(const engine::RunReport& report, int exit_code);

// The same for a run that did not come to a report: what it was to run is not known in full.
// "schedrig: verdict=error exit=2 end=refused config=x.toml"
[[nodiscard]] std::string outcome_line(int exit_code, const std::string& config);

// Passes on what another run writes to stderr, but keeps its outcome line back until everything is
// said. Thread: one.
class OutcomeLast {
 public:
  using Write = std::function<void(std::string_view)>;
  explicit OutcomeLast(Write write) : write_(std::move(write)) {}

  void take(std::string_view text); // cut anywhere
  // Writes what is left; the outcome line only if it holds.
  void finish(bool holds);

 private:
  Write write_;
  std::string begun_; // a line without its end
  std::string outcome_;
};

} // namespace schedrig::report
