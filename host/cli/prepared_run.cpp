// SPDX-License-Identifier: MIT
#include "host/cli/prepared_run.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include <schedrig/backend.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/prepared_schedulers.hpp"
#include "host/config/config.hpp"
#include "host/config/render.hpp"
#include "host/kernel/kernel_cache.hpp"

namespace schedrig::cli {
namespace {

class Preparation {
 public:
  Preparation(const RunOptions& options, const Globals& globals, PreparedRun& out)
      : options_(options), globals_(globals), out_(out) {}

  int run() {
    config::LoadOptions load;
    load.sets = all_sets(options_);
    config::LoadedConfig loaded = config::load_file(options_.config, load);
    sources_ = std::move(loaded.sources);
    if (!loaded.ok()) {
      return refuse(loaded.diagnostics);
    }
    out_.scenario = std::move(loaded.scenario);
    const std::string base = std::filesystem::path(options_.config).parent_path().string();
    out_.registry.emplace(plugin_registry(globals_, out_.scenario.plugin_path, base));

    const RunConfig& run = out_.scenario.run;
    if (const int code =
            load_plugin(run.backend, run.backend_pos, PluginKind::kBackend, &out_.backend)) {
      return code;
    }
    if (const int code = bind_backend()) {
      return code;
    }
    if (const int code = prepare_schedulers(out_, [this](const auto& d) { return refuse(d); })) {
      return code;
    }
    return find_kernel();
  }

 private:
  int refuse(const std::vector<config::Diagnostic>& diagnostics) {
    const std::string text =
        config::render(diagnostics, sources_, {.colour = use_colour(globals_, STDERR_FILENO)});
    std::fputs(text.c_str(), stderr);
    return kExitUsage;
  }

  int load_plugin(const std::string& name, SourcePos pos, PluginKind kind,
                  const loader::LoadedPlugin** out) {
    auto loaded = out_.registry->load(name, kind);
    if (!loaded) {
      const Error& error = loaded.error();
      if (error.code == StatusCode::kNotFound && pos.line != 0) {
        return refuse({{.pos = pos, .message = error.message, .help = error.help}});
      }
      return report_error(error, exit_code_for(error));
    }
    *out = *loaded;
    return kExitPass;
  }

  int bind_backend() {
    const auto section =
        std::ranges::find(out_.scenario.backends, out_.backend->id, &BackendConfig::name);
    out_.backend_params = config::bind_params(
        section == out_.scenario.backends.end() ? ConfigParams{} : section->params,
        out_.backend->descriptor->params, "[backend." + out_.backend->id + "]");
    return out_.backend_params.ok() ? kExitPass : refuse(out_.backend_params.diagnostics());
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
  PreparedRun& out_;
  config::Sources sources_;
};

} // namespace

int prepare_run(const RunOptions& options, const Globals& globals, PreparedRun* out) {
  return Preparation(options, globals, *out).run();
}

} // namespace schedrig::cli
