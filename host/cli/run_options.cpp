// SPDX-License-Identifier: MIT
#include "host/cli/run_options.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "host/config/render.hpp"
#include "host/log/log.hpp"
#include "host/report/outcome_line.hpp"
#include "host/text/integer.hpp"
#include "host/text/quote.hpp"
#include "host/topology/host_topology.hpp"

namespace schedrig::cli {

void add_layer_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("--overlay", options.overlays,
                  "lay this file over the config: tables merge, the rest is replaced; repeatable")
      ->allow_extra_args(false);
  verb.add_option("--set", options.sets,
                  "a.b[2].c=VALUE: give a key a value (VALUE is TOML); repeatable")
      ->allow_extra_args(false);
  verb.add_option("--seed", options.seed, "seed of every random choice, of 64 bits")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->check([](const std::string& seed) {
        return text::parse_integer(seed)
                   ? std::string()
                   : text::quote(seed) + " is no seed: 0 to 18446744073709551615";
      });
}

void add_scenario_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("CONFIG", options.config, "scenario file (TOML)")
      ->required()
      ->check([](const std::string& path) {
        return path.empty() ? std::string("the path is empty: name a scenario file")
                            : std::string();
      });
  add_layer_options(verb, options);
}

void add_repeat_options(CLI::App& verb, RepeatOptions& repeat) {
  verb.add_option("--repeat", repeat.count, "run N times, each with the next seed")
      ->type_name("N")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  verb.add_flag("--until-fail", repeat.until_fail,
                "stop at the first run that does not pass; without --repeat: run until then");
}

void add_start_options(CLI::App& verb, RunOptions& options) {
  verb.add_flag("--cold", options.cold, "boot each machine anew, as machine.templates = 0");
}

void add_report_options(CLI::App& verb, RunOptions& options) {
  for (const ReportFormatInfo& info : kReportFormats) {
    verb.add_option(std::string(info.option), options.reports[info.format], std::string(info.help))
        ->type_name("FILE");
  }
}

// A string above 2^63-1, where TOML's integers end; what is no number at all is the decoder's to
// refuse.
std::vector<std::string> all_sets(const RunOptions& options) {
  std::vector<std::string> sets = options.sets;
  if (!options.seed.empty()) {
    const auto seed = text::parse_integer(options.seed);
    const bool integer = seed && *seed <= INT64_MAX;
    sets.push_back("run.seed=" + (integer ? std::to_string(*seed) : text::quote(options.seed)));
  }
  if (options.cold) {
    sets.emplace_back("machine.templates=0");
  }
  return sets;
}

namespace {

Result<Topology> host_topology() {
  auto shape = topology::read_host_shape();
  if (!shape) {
    return std::unexpected(std::move(shape).error());
  }
  if (!shape->note.empty()) {
    log::warn(log::Module::kConfig, "topology \"host\" differs from this machine: " + shape->note);
  }
  return std::move(shape->topology);
}

} // namespace

config::LoadOptions load_options(const RunOptions& options) {
  config::LoadOptions load;
  load.overlays = options.overlays;
  load.sets = all_sets(options);
  load.host_topology = host_topology;
  return load;
}

std::string config_folder(const RunOptions& options) {
  return std::filesystem::path(options.config).parent_path().string();
}

int report_diagnostics(const config::LoadedConfig& loaded, const Globals& globals) {
  const std::string text = config::render(loaded.diagnostics, loaded.sources,
                                          {.colour = use_colour(globals, STDERR_FILENO)});
  std::fputs(text.c_str(), stderr);
  return kExitUsage;
}

int end_without_run(const RunOptions& options, int exit_code) {
  std::fprintf(stderr, "%s\n", report::outcome_line(exit_code, options.config).c_str());
  return exit_code;
}

} // namespace schedrig::cli
