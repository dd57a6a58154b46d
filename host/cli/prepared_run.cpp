// SPDX-License-Identifier: MIT
#include "host/cli/prepared_run.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <unistd.h>

#include <schedrig/backend.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/prepared_schedulers.hpp"
#include "host/config/config.hpp"
#include "host/config/render.hpp"
#include "host/engine/machine_fit.hpp"
#include "host/kernel/kernel_cache.hpp"

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
    if (!loaded.diagnostics.empty()) {
      return print(loaded.diagnostics, out_.sources, globals_);
    }
    if (layers_.references) {
      note(engine::machine_misfits(out_.scenario));
    }
    if (layers_.plugins) {
      if (const int code = load_plugins()) {
        return code;
      }
    }
    if (!problems_.empty()) {
      return refuse();
    }
    return layers_.plugins && layers_.host ? find_kernel() : kExitPass;
  }

 private:
  int refuse() { return report_problems(std::move(problems_), out_.sources, globals_); }

  void note(const std::vector<engine::Missing>& found) {
    for (const engine::Missing& one : found) {
      problems_.push_back({.pos = one.pos, .message = one.message, .help = one.help});
    }
  }

  void note(const std::vector<config::Diagnostic>& found) {
    problems_.insert(problems_.end(), found.begin(), found.end());
  }

  int load_plugins() {
    out_.registry.emplace(
        plugin_registry(globals_, out_.scenario.plugin_path, config_folder(options_)));
    const RunConfig& run = out_.scenario.run;
    const int backend =
        load_plugin(run.backend, run.backend_pos, PluginKind::kBackend, &out_.backend);
    if (backend == kExitPass) {
      bind_backend();
    }
    const int schedulers = prepare_schedulers(out_, problems_);
    if (!problems_.empty()) {
      return refuse();
    }
    return backend != kExitPass ? backend : schedulers;
  }

  int load_plugin(const std::string& name, SourcePos pos, PluginKind kind,
                  const loader::LoadedPlugin** out) {
    auto loaded = out_.registry->load(name, kind);
    if (!loaded) {
      const Error& error = loaded.error();
      if (error.code == StatusCode::kNotFound && pos.line != 0) {
        problems_.push_back({.pos = pos, .message = error.message, .help = error.help});
        return kExitUsage;
      }
      return report_error(error, exit_code_for(error));
    }
    *out = *loaded;
    return kExitPass;
  }

  void bind_backend() {
    const auto section =
        std::ranges::find(out_.scenario.backends, out_.backend->id, &BackendConfig::name);
    out_.backend_params = config::bind_params(
        section == out_.scenario.backends.end() ? ConfigParams{} : section->params,
        out_.backend->descriptor->params, "[backend." + out_.backend->id + "]");
    note(out_.backend_params.diagnostics());
  }

  int find_kernel() {
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
    if (info.needs_kernel_image == 0) {
      return kExitPass;
    }
    const auto cache = kernel::KernelCache::open();
    const auto entry = cache ? cache->find(out_.scenario.machine.kernel)
                             : Result<kernel::KernelEntry>(std::unexpected(cache.error()));
    if (!entry) {
      return report_error(entry.error(), exit_code_for(entry.error()));
    }
    out_.kernel_image = entry->image.string();
    return kExitPass;
  }

  const RunOptions& options_;
  const Globals& globals_;
  const CheckLayers& layers_;
  PreparedRun& out_;
  std::vector<config::Diagnostic> problems_;
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
