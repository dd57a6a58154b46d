// SPDX-License-Identifier: MIT
// The one machine-readable line that every run ends with on stderr.
#pragma once

#include <string>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// "schedrig: verdict=pass exit=0 end=complete backend=mock scheduler=eevdf seed=1 config=x.toml";
// no newline. Values with spaces or quotes are quoted as in a shell. `exit_code` is the process's:
// a report that could not be written makes it another than the verdict's.
[[nodiscard]] std::string outcome_line(const engine::RunReport& report, int exit_code);

// The same for a run that did not come to a report: what it was to run is not known in full.
// "schedrig: verdict=error exit=2 end=refused config=x.toml"
[[nodiscard]] std::string outcome_line(int exit_code, const std::string& config);

} // namespace schedrig::report
