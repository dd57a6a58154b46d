// SPDX-License-Identifier: MIT
// What `run`, `check` and `lab run` share: the scenario's file and what changes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/verb.hpp"
#include "host/config/config.hpp"

namespace schedrig::cli {

struct RunOptions {
  std::string config;
  std::vector<std::string> sets; // "a.b=VALUE"
  std::optional<std::uint64_t> seed;
  std::string json; // file for the JSON document; empty: none; "-": stdout
};

// Options that change the scenario, and the file itself.
void add_scenario_options(CLI::App& verb, RunOptions& options);
void add_report_options(CLI::App& verb, RunOptions& options);

// The sets in the order in which they apply; --seed is one of them.
[[nodiscard]] std::vector<std::string> all_sets(const RunOptions& options);

// Decodes the scenario; on errors prints them all to stderr and returns nothing.
[[nodiscard]] std::optional<Scenario> load_scenario(const RunOptions& options,
                                                    const Globals& globals);

// The line that every run ends with, for one that was refused or lost before it had a report;
// what is wrong has been printed. Returns `exit_code`.
int end_without_run(const RunOptions& options, int exit_code);

} // namespace schedrig::cli
