// SPDX-License-Identifier: MIT
// `schedrig check CONFIG`: everything that `run` would refuse, without running. The machine is made
// on this host, but not booted.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/schedulers.hpp>

#include "host/cli/prepared_run.hpp"
#include "host/cli/verb.hpp"
#include "host/engine/machine_handle.hpp"

namespace schedrig::cli {
namespace {

class NoEvents final : public EventSink {
 public:
  void on_event(const Event& /*event*/) noexcept override {}
};

// Makes the machine and asks it about the scheduler: limits of a backend show nowhere else.
Result<> try_machine(const PreparedRun& prepared, Backend& backend) {
  const Scenario& scenario = prepared.scenario;
  const MachineSpec spec = {.topology = scenario.machine.topology.view(),
                            .memory_bytes = scenario.machine.memory_bytes,
                            .kernel_image = prepared.kernel_image,
                            .kernel_cmdline = scenario.machine.cmdline,
                            .seed = scenario.run.seed,
                            .params = prepared.backend_params.view()};
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

CheckLayers layers_without(const std::vector<std::string>& skipped) {
  const auto skip = [&](std::string_view layer) {
    return std::ranges::find(skipped, layer) != skipped.end();
  };
  CheckLayers layers;
  layers.references = !skip("references");
  layers.plugins = !skip("plugins");
  layers.host = layers.plugins && !skip("host");
  layers.facets = layers.host;
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
  if (layers.host) {
    if (const int code = report_problems(host_problems(prepared), prepared.sources, globals);
        code != kExitPass) {
      return code;
    }
  }
  std::printf("%s: ok (%s; backend %s, scheduler %s, %zu steps)\n", options.config.c_str(),
              looked_at(layers).c_str(), prepared.scenario.run.backend.c_str(),
              prepared.scenario.run.scheduler.c_str(), prepared.scenario.steps.size());
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
