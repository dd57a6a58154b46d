// SPDX-License-Identifier: MIT
#include "host/cli/prepared_run.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <unistd.h>

#include <schedrig/backend.hpp>
#include <schedrig/check_defaults.hpp>

#include "host/cli/payload_programs.hpp"
#include "host/cli/plugin_setup.hpp"
#include "host/cli/prepared_schedulers.hpp"
#include "host/config/config.hpp"
#include "host/config/param_check.hpp"
#include "host/config/places.hpp"
#include "host/config/render.hpp"
#include "host/config/scheduler_checks.hpp"
#include "host/engine/capability.hpp"
#include "host/engine/machine_fit.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "host/text/quote.hpp"

namespace schedrig::cli {
namespace {

int print(const std::vector<config::Diagnostic>& problems, const config::Sources& sources,
          const Globals& globals) {
  const std::string text =
      config::render(problems, sources, {.colour = use_colour(globals, STDERR_FILENO)});
  std::fputs(text.c_str(), stderr);
  return kExitUsage;
}

class Preparation {
 public:
  Preparation(const RunOptions& options, const Globals& globals, const CheckLayers& layers,
              PreparedRun& out)
      : options_(options), globals_(globals), layers_(layers), out_(out) {}

  int run() {
    config::LoadOptions load = load_options(options_);
    load.references = layers_.references;
    config::LoadedConfig loaded = config::load_file(options_.config, load);
    out_.sources = std::move(loaded.sources);
    out_.document = std::move(loaded.document);
    out_.scenario = std::move(loaded.scenario);
    if (!loaded.decoded || loaded.diagnostics.size() >= config::Diagnostics::kLimit) {
      return print(loaded.diagnostics, out_.sources, globals_);
    }
    problems_ = std::move(loaded.diagnostics);
    lost_ = std::move(loaded.lost);
    places_.emplace(out_.document, problems_);
    if (layers_.references && places_->sound("machine.topology")) {
      note(engine::machine_misfits(out_.scenario));
    }
    if (const int code = layers_.plugins && places_->sound("plugins.path") ? load_plugins() : 0) {
      return code;
    }
    if (merged_) {
      out_.document = *std::move(merged_);
    }
    return problems_.empty() ? kExitPass : refuse();
  }

 private:
  int refuse() { return report_problems(std::move(problems_), out_.sources, globals_); }

  void note(const std::vector<engine::Missing>& found) {
    for (const engine::Missing& one : found) {
      if (places_->sound(one.pos, one.key)) {
        problems_.push_back(
            {.pos = places_->of(one.pos, one.key), .message = one.message, .help = one.help});
      }
    }
  }

  void note(const std::vector<config::Diagnostic>& found) {
    problems_.insert(problems_.end(), found.begin(), found.end());
  }

  int load_plugins() {
    loader::Registry& registry = out_.registry.emplace(
        plugin_registry(globals_, out_.scenario.plugin_path, config_folder(options_)));
    const int backend = places_->sound("run.backend") ? load_backend(registry) : kExitPass;
    check_sections(registry);
    const int schedulers = prepare_schedulers(out_, registry, {*places_, lost_, problems_});
    const int code = backend != kExitPass ? backend : schedulers;
    if (schedulers == kExitPass && places_->sound("run.scheduler") && places_->sound("checks")) {
      lay_check_defaults();
    }
    if (code == kExitPass && out_.backend != nullptr) {
      if (const int unfit = check_backend()) {
        return unfit;
      }
    }
    return problems_.empty() ? code : refuse();
  }

  // Of the scheduler that the run begins with.
  void lay_check_defaults() {
    const std::string& name = out_.scenario.run.scheduler;
    const auto first =
        std::ranges::find(out_.schedulers, name, [](const auto& each) { return each.choice.name; });
    Plugin* plugin =
        first == out_.schedulers.end() ? out_.kernels_own.choice.plugin : first->choice.plugin;
    auto* defaults = plugin == nullptr ? nullptr : query<CheckDefaults>(*plugin);
    if (defaults != nullptr) {
      merged_ = out_.document; // places_ refers to the one that was read
      note(config::lay_scheduler_checks(name, defaults->checks(), out_.sources, *merged_,
                                        out_.scenario.checks));
    }
  }

  int load_backend(loader::Registry& registry) {
    const RunConfig& run = out_.scenario.run;
    auto loaded = registry.load(run.backend, PluginKind::kBackend);
    if (!loaded) {
      const Error& error = loaded.error();
      if (error.code == StatusCode::kNotFound && run.backend_pos.line != 0) {
        problems_.push_back({.pos = run.backend_pos, .message = error.message, .help = error.help});
        return kExitPass;
      }
      return report_error(error, exit_code_for(error));
    }
    out_.backend = *loaded;
    bind_backend();
    return kExitPass;
  }

  void bind_backend() {
    const std::string& id = out_.backend->id;
    const auto section = std::ranges::find(out_.scenario.backends, id, &BackendConfig::name);
    const bool given = section != out_.scenario.backends.end();
    const std::string name = "[backend." + id + "]";
    const bool complete = places_->sound("backend." + id);
    out_.backend_params = config::bind_params(
        given ? section->params : ConfigParams{}, out_.backend->descriptor->params,
        {.name = name,
         .pos = given ? section->pos : out_.scenario.run.backend_pos,
         .complete = complete});
    note(out_.backend_params.diagnostics());
    auto* plugin = query<ParamCheck>(*out_.backend->plugin);
    if (plugin != nullptr && given && complete && out_.backend_params.ok()) {
      note(config::plugin_problems(*plugin, out_.backend_params.view(), section->params,
                                   section->pos));
    }
  }

  // A section may be for another run's backend, but not for one that is nowhere.
  void check_sections(const loader::Registry& registry) {
    const std::string& backend = out_.scenario.run.backend;
    if (out_.backend == nullptr && backend.contains('/')) {
      return; // what the plugin at that path calls itself is not known
    }
    for (const BackendConfig& section : out_.scenario.backends) {
      const bool chosen =
          section.name == backend || (out_.backend != nullptr && section.name == out_.backend->id);
      if (!chosen && !is_listed(registry, section.name)) {
        const Error error =
            loader::plugin_not_found(registry.discovery(), section.name, PluginKind::kBackend);
        problems_.push_back({.pos = section.pos, .message = error.message, .help = error.help});
      }
    }
  }

  // What the loaded backend says of the machine and the ops.
  int check_backend() {
    auto* backend = query<Backend>(*out_.backend->plugin);
    if (backend == nullptr) {
      return report_error({StatusCode::kInternal,
                           "plugin \"" + out_.backend->id +
                               "\" says that it is a backend, but "
                               "offers no " +
                               std::string(Backend::kInterfaceId),
                           "this is a defect of the plugin", 0},
                          kExitInfrastructure);
    }
    BackendInfo info;
    backend->info(&info);
    note(layers_.facets ? engine::missing_capabilities(out_.scenario, out_.backend->id, info,
                                                       engine::read_facets(*backend))
                        : engine::exceeded_limits(out_.scenario, out_.backend->id, info));
    // A machine in virtual time runs no programs of this host's.
    if (layers_.programs && info.clock == ClockKind::kReal) {
      note(missing_payload_files(out_.scenario));
    }
    return layers_.host && info.needs_kernel_image != 0 ? find_kernel() : kExitPass;
  }

  int find_kernel() {
    const MachineConfig& machine = out_.scenario.machine;
    const auto cache = kernel::KernelCache::open();
    const auto entry = cache ? cache->find(machine.kernel)
                             : Result<kernel::KernelEntry>(std::unexpected(cache.error()));
    if (entry) {
      out_.kernel_image = entry->image.string();
      check_sched_ext(entry->facts);
      return kExitPass;
    }
    const Error& error = entry.error();
    if (exit_code_for(error) != kExitUsage || machine.kernel.empty()) {
      return problems_.empty() ? report_error(error, exit_code_for(error)) : kExitPass;
    }
    note({{.pos = machine.pos, .key = "kernel", .message = error.message, .help = error.help}});
    return kExitPass;
  }

  // Whether the kernel takes the schedulers that the scenario attaches.
  void check_sched_ext(const kernel::KernelFacts& facts) {
    if (!facts.whole() && !out_.schedulers.empty()) {
      note({{.pos = out_.scenario.machine.pos,
             .key = "kernel",
             .message = "scheduler " + text::quote(out_.schedulers.front().choice.name) +
                        " cannot be attached to kernel " + facts.version + ": " +
                        kernel::sched_ext_line(facts),
             .help = "`schedrig kernel list` says which kernels take schedulers, `schedrig kernel "
                     "fetch` gets one"}});
    }
  }

  const RunOptions& options_;
  const Globals& globals_;
  const CheckLayers& layers_;
  PreparedRun& out_;
  std::vector<config::Diagnostic> problems_;
  config::LostNames lost_;
  std::optional<config::Node> merged_;   // the document with the scheduler's checks, if it has any
  std::optional<config::Places> places_; // by the errors of the config alone
};

} // namespace

int report_problems(std::vector<config::Diagnostic> problems, const config::Sources& sources,
                    const Globals& globals) {
  if (problems.empty()) {
    return kExitPass;
  }
  config::Diagnostics sorted;
  for (config::Diagnostic& problem : problems) {
    sorted.add(problem.pos, std::move(problem.message), std::move(problem.help));
  }
  return print(sorted.take_sorted(), sources, globals);
}

int prepare_run(const RunOptions& options, const Globals& globals, PreparedRun* out,
                const CheckLayers& layers) {
  return Preparation(options, globals, layers, *out).run();
}

} // namespace schedrig::cli
