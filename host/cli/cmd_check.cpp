// SPDX-License-Identifier: MIT
// `schedrig check CONFIG`: everything that `run` would refuse, without running.
#include <cstdio>
#include <memory>

#include <schedrig/backend.hpp>

#include "host/cli/prepared_run.hpp"
#include "host/cli/verb.hpp"
#include "host/engine/capability.hpp"

namespace schedrig::cli {
namespace {

int check(const RunOptions& options, const Globals& globals) {
  PreparedRun prepared;
  if (const int code = prepare_run(options, globals, &prepared); code != kExitPass) {
    return code;
  }
  auto* backend = query<Backend>(*prepared.backend->plugin);
  BackendInfo info;
  backend->info(&info);
  const auto missing = engine::missing_capabilities(prepared.scenario, prepared.backend->id, info,
                                                    engine::read_facets(*backend));
  for (const engine::Missing& one : missing) {
    std::fprintf(stderr, "%s:%u:%u: error: %s\n  help: %s\n",
                 prepared.scenario.files[one.pos.file].c_str(), one.pos.line, one.pos.column,
                 one.message.c_str(), one.help.c_str());
  }
  if (!missing.empty()) {
    return kExitUsage;
  }
  std::printf("%s: ok (backend %s, scheduler %s, %zu steps)\n", options.config.c_str(),
              prepared.backend->id.c_str(), prepared.scenario.run.scheduler.c_str(),
              prepared.scenario.steps.size());
  return kExitPass;
}

} // namespace

void add_check_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* verb =
      app.add_subcommand("check", "say what is wrong with a scenario, without running");
  add_scenario_options(*verb, *options);
  verb->callback([&action, &globals, options] {
    action = [&globals, options] { return check(*options, globals); };
  });
}

} // namespace schedrig::cli
