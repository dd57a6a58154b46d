// SPDX-License-Identifier: MIT
// What `run`, `check` and `lab run` share: the scenario's file and what changes it.
#pragma once

#include <string>
#include <vector>

#include "host/cli/repeat.hpp"
#include "host/cli/report_paths.hpp"
#include "host/cli/verb.hpp"
#include "host/config/config.hpp"

namespace schedrig::cli {

struct RunOptions {
  std::string config;
  std::vector<std::string> overlays;
  std::vector<std::string> sets; // "a.b=VALUE"
  std::string seed;              // empty: the config's
  bool cold = false;             // boot, whatever templates there are
  ReportPaths reports;           // as options name them
};

// Options that change the scenario; with the file itself.
void add_layer_options(CLI::App& verb, RunOptions& options);
void add_scenario_options(CLI::App& verb, RunOptions& options);
void add_repeat_options(CLI::App& verb, RepeatOptions& repeat);
void add_start_options(CLI::App& verb, RunOptions& options);
void add_report_options(CLI::App& verb, RunOptions& options);

// The sets in the order in which they apply; --seed and --cold are among them.
[[nodiscard]] std::vector<std::string> all_sets(const RunOptions& options);

// All that the options say about loading.
[[nodiscard]] config::LoadOptions load_options(const RunOptions& options);

// Where relative paths of the config lead from.
[[nodiscard]] std::string config_folder(const RunOptions& options);

// Prints every error of the config to stderr and returns the exit code for that.
int report_diagnostics(const config::LoadedConfig& loaded, const Globals& globals);

// The line that every run ends with, for one that was refused or lost before it had a report;
// what is wrong has been printed. Returns `exit_code`.
int end_without_run(const RunOptions& options, int exit_code);

} // namespace schedrig::cli
