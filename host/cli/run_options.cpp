// SPDX-License-Identifier: MIT
#include "host/cli/run_options.hpp"

#include <cstdio>

#include <unistd.h>

#include "host/config/render.hpp"
#include "host/report/outcome_line.hpp"

namespace schedrig::cli {

void add_scenario_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("CONFIG", options.config, "scenario file (TOML)")->required();
  verb.add_option("--set", options.sets,
                  "a.b[2].c=VALUE: replace a key's value (VALUE is TOML); repeatable")
      ->allow_extra_args(false);
  verb.add_option("--seed", options.seed, "seed of every random choice; as --set run.seed=N");
}

void add_report_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("--json", options.json, "write the JSON document to this file; - for stdout");
}

std::vector<std::string> all_sets(const RunOptions& options) {
  std::vector<std::string> sets = options.sets;
  if (options.seed) {
    sets.push_back("run.seed=" + std::to_string(*options.seed));
  }
  return sets;
}

std::optional<Scenario> load_scenario(const RunOptions& options, const Globals& globals) {
  config::LoadOptions load;
  load.sets = all_sets(options);
  config::LoadedConfig loaded = config::load_file(options.config, load);
  if (!loaded.ok()) {
    const std::string text = config::render(loaded.diagnostics, loaded.sources,
                                            {.colour = use_colour(globals, STDERR_FILENO)});
    std::fputs(text.c_str(), stderr);
    return std::nullopt;
  }
  return std::move(loaded.scenario);
}

int end_without_run(const RunOptions& options, int exit_code) {
  std::fprintf(stderr, "%s\n", report::outcome_line(exit_code, options.config).c_str());
  return exit_code;
}

} // namespace schedrig::cli
