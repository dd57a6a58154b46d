// SPDX-License-Identifier: MIT
// `schedrig plugins`: what is there, what is refused and why; `plugins check FILE`: try one in a
// child process.
#include <cstdio>
#include <memory>
#include <string>

#include <schedrig/backend.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/verb.hpp"
#include "host/loader/check.hpp"
#include "host/loader/compatibility.hpp"

namespace schedrig::cli {
namespace {

struct PrintFacet final : FactSink {
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    std::printf("      facet %s%s%s\n", std::string(key).c_str(),
                value.empty() ? "" : ": not here, ", std::string(value).c_str());
  }
};

// Runs the plugin's code: what it can do on this host is known to nobody else.
void print_facets(loader::Registry& registry, const std::string& name) {
  const auto loaded = registry.load(name, PluginKind::kBackend);
  if (!loaded) {
    std::printf("      cannot be loaded: %s\n", loaded.error().message.c_str());
    return;
  }
  std::printf("      %s\n", std::string((*loaded)->descriptor->description).c_str());
  if (auto* backend = query<Backend>(*(*loaded)->plugin)) {
    PrintFacet sink;
    backend->facets(sink);
  }
}

int list_plugins(const Globals& globals, bool verbose) {
  loader::Registry registry = plugin_registry(globals);
  for (const loader::DirectoryListing& directory : registry.discovery().directories) {
    std::printf("%s (%s)\n", directory.directory.path.c_str(),
                std::string(loader::search_origin_name(directory.directory.origin)).c_str());
    if (directory.problem) {
      std::printf("  %s\n", directory.problem->message.c_str());
    }
    for (const loader::PluginListing& plugin : registry.discovery().listings) {
      if (plugin.path.parent_path() != directory.directory.path) {
        continue;
      }
      const std::string kind = plugin.note ? loader::plugin_kind_name(plugin.note->kind) : "-";
      std::printf("  %-12s %-10s %s\n", plugin.name.c_str(), kind.c_str(),
                  plugin.state == loader::ListingState::kUsable     ? "usable"
                  : plugin.state == loader::ListingState::kShadowed ? "shadowed"
                                                                    : "refused");
      if (plugin.reason) {
        std::printf("      %s\n", plugin.reason->message.c_str());
        if (!plugin.reason->help.empty()) {
          std::printf("      help: %s\n", plugin.reason->help.c_str());
        }
      } else if (verbose && kind == "backend") {
        print_facets(registry, plugin.name);
      }
    }
  }
  return kExitPass;
}

int check_one(const std::string& path) {
  const loader::CheckReport report = loader::check_plugin(path);
  for (const loader::CheckStep step : report.passed) {
    std::printf("ok      %s\n", std::string(loader::check_step_name(step)).c_str());
  }
  if (report.plugin) {
    std::printf("        %s %s, %s: %s\n", report.plugin->id.c_str(),
                report.plugin->version.c_str(), report.plugin->licence.c_str(),
                report.plugin->description.c_str());
  }
  if (!report.failed) {
    return kExitPass;
  }
  std::printf("failed  %s\n", std::string(loader::check_step_name(*report.failed)).c_str());
  return report.error ? report_error(*report.error, kExitInfrastructure) : kExitInfrastructure;
}

} // namespace

void add_plugins_verb(CLI::App& app, const Globals& globals, Action& action) {
  CLI::App* verb = app.add_subcommand("plugins", "list plugins; `plugins check FILE` tries one");
  verb->require_subcommand(0, 1);
  auto path = std::make_shared<std::string>();
  CLI::App* check =
      verb->add_subcommand("check", "load a plugin in a child process and say why not");
  check->add_option("FILE", *path, "shared object")->required();
  check->callback([&action, path] { action = [path] { return check_one(*path); }; });
  verb->callback([&action, &globals, verb] {
    if (verb->get_subcommands().empty()) {
      action = [&globals] { return list_plugins(globals, globals.verbosity > 0); };
    }
  });
}

} // namespace schedrig::cli
