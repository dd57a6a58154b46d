// SPDX-License-Identifier: MIT
// `schedrig check CONFIG`: everything that `run` would refuse, without running. The machine is made
// on this host, but not booted.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <schedrig/backend.hpp>
#include <schedrig/schedulers.hpp>

#include "host/cli/backend_probes.hpp"
#include "host/cli/prepared_run.hpp"
#include "host/cli/verb.hpp"
#include "host/config/render.hpp"
#include "host/engine/machine_handle.hpp"
#include "host/engine/memory_regions.hpp"
#include "host/text/quote.hpp"

namespace schedrig::cli {
namespace {

class NoEvents final : public EventSink {
 public:
  void on_event(const Event& /*event*/) noexcept override {}
};

// Makes the machine and asks it about the scheduler: limits of a backend show nowhere else.
Result<> try_machine(const PreparedRun& prepared, Backend& backend) {
  const Scenario& scenario = prepared.scenario;
  const std::vector<MemoryRegion> regions = engine::memory_regions(scenario.machine);
  const MachineSpec spec = {.topology = scenario.machine.topology.view(),
                            .memory_bytes = scenario.machine.memory_bytes,
                            .kernel_image = prepared.kernel_image,
                            .kernel_cmdline = scenario.machine.cmdline,
                            .seed = scenario.run.seed,
                            .params = prepared.backend_params.view(),
                            .regions = regions};
  NoEvents events;
  engine::Cancellation cancellation;
  auto machine = engine::MachineHandle::create(backend, spec, events, cancellation);
  if (!machine) {
    return std::unexpected(std::move(machine).error().context("create the machine"));
  }
  auto* schedulers = query<SchedulersFacet>(**machine);
  if (schedulers == nullptr) {
    return fail(StatusCode::kUnsupported, "its machine runs no schedulers");
  }
  std::vector<engine::SchedulerChoice> choices = prepared.choices();
  choices.push_back(prepared.kernels_own.choice);
  for (const engine::SchedulerChoice& choice : choices) {
    auto can = from_status(schedulers->can_attach(choice.label, *choice.plugin));
    if (!can) {
      return std::unexpected(std::move(can).error().context("scheduler \"" + choice.name + "\""));
    }
  }
  return {};
}

std::vector<config::Diagnostic> host_problems(const PreparedRun& prepared) {
  auto* backend = query<Backend>(*prepared.backend->plugin);
  if (auto tried = try_machine(prepared, *backend); !tried) {
    const Error error =
        std::move(tried).error().context("backend \"" + prepared.backend->id + "\"");
    return {{.pos = {}, .message = error.message, .help = error.help}};
  }
  return {};
}

// What the backend's own probes find wrong with this host; a run may still be tried.
std::vector<config::Diagnostic> host_warnings(const PreparedRun& prepared) {
  std::vector<config::Diagnostic> warnings;
  for (const doctor::Finding& finding : probe_backend(*prepared.backend)) {
    if (finding.severity != doctor::Severity::kOk) {
      warnings.push_back({.pos = prepared.scenario.run.backend_pos,
                          .message = "this host, " + finding.name + ": " + finding.observed +
                                     "; so " + finding.consequence,
                          .help = finding.remedy});
    }
  }
  return warnings;
}

CheckLayers layers_without(const std::vector<std::string>& skipped) {
  const auto skip = [&](std::string_view layer) {
    return std::ranges::find(skipped, layer) != skipped.end();
  };
  CheckLayers layers;
  layers.references = !skip("references");
  layers.plugins = !skip("plugins");
  layers.host = layers.plugins && !skip("host");
  layers.facets = layers.host;
  layers.programs = layers.host;
  return layers;
}

std::string looked_at(const CheckLayers& layers) {
  return std::string("fields") + (layers.references ? ", references" : "") +
         (layers.plugins ? ", plugins" : "") + (layers.host ? ", host" : "");
}

int check(const RunOptions& options, const CheckLayers& layers, const Globals& globals) {
  PreparedRun prepared;
  if (const int code = prepare_run(options, globals, &prepared, layers); code != kExitPass) {
    return code;
  }
  std::vector<config::Diagnostic> warnings;
  if (layers.host) {
    if (const int code = report_problems(host_problems(prepared), prepared.sources, globals);
        code != kExitPass) {
      return code;
    }
    warnings = host_warnings(prepared);
    const config::RenderOptions style = {.colour = use_colour(globals, STDERR_FILENO),
                                         .warnings = true};
    std::fputs(config::render(warnings, prepared.sources, style).c_str(), stderr);
  }
  const std::string found =
      warnings.empty() ? "" : ", warnings of this host: " + std::to_string(warnings.size());
  std::printf("%s: ok%s (%s; backend %s, scheduler %s, %zu steps)\n",
              text::shown(options.config, 4096).c_str(), found.c_str(), looked_at(layers).c_str(),
              prepared.scenario.run.backend.c_str(), prepared.scenario.run.scheduler.c_str(),
              prepared.scenario.steps.size());
  return kExitPass;
}

} // namespace

void add_check_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto skipped = std::make_shared<std::vector<std::string>>();
  CLI::App* verb =
      app.add_subcommand("check", "say what is wrong with a scenario, without running");
  add_scenario_options(*verb, *options);
  verb->add_option("--skip", *skipped,
                   "leave out a layer: references, plugins (and with it host) or host; repeatable")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"references", "plugins", "host"}));
  verb->callback([&action, &globals, options, skipped] {
    action = [&globals, options, skipped] {
      return check(*options, layers_without(*skipped), globals);
    };
  });
}

} // namespace schedrig::cli
