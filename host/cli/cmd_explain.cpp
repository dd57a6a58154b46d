// SPDX-License-Identifier: MIT
// `schedrig explain [KEY]`: what a key means; with --config, its value and where it came from.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <schedrig/check_defaults.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/run_options.hpp"
#include "host/cli/verb.hpp"
#include "host/config/explain.hpp"
#include "host/config/scheduler_checks.hpp"
#include "host/config/spell.hpp"

namespace schedrig::cli {
namespace {

using config::EffectiveKey;
using config::FieldInfo;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

std::string spaces(std::size_t have, std::size_t want) {
  return std::string(have < want ? want - have : 1, ' ');
}

void print_rows(const std::vector<EffectiveKey>& rows) {
  constexpr std::size_t kWidest = 60; // a longer value pushes its origin to the right
  std::size_t width = 0;
  for (const EffectiveKey& row : rows) {
    const std::size_t length = row.key.size() + row.value.size() + 3;
    width = std::max(width, std::min(length, kWidest));
  }
  for (const EffectiveKey& row : rows) {
    const std::string text = row.key + " = " + row.value;
    print(text + std::string(text.size() < width ? width - text.size() : 0, ' ') + "  # " +
          row.origin + "\n");
  }
}

void print_doc(const config::KeyDoc& doc) {
  const FieldInfo& info = doc.info;
  print("  " + std::string(info.doc) +
        (info.landed == config::Landed::kYes ? "" : " (not supported yet)") + "\n");
  if (!info.key.empty()) {
    print("  value: " + config::spell_type(info) + (info.required ? ", required" : "") + "\n");
  }
  if (!info.default_value.empty()) {
    print("  default: " + std::string(info.default_value) + "\n");
  }
  for (const FieldInfo& key : doc.below) {
    print("    " + std::string(key.key) + spaces(key.key.size(), 22) + std::string(key.doc) +
          (key.landed == config::Landed::kYes ? "" : " (not supported yet)") + "\n");
  }
}

// Whether `key` is `path`, or lies below it; a path without indices means every element.
bool lies_below(const std::string& key, const std::string& path) {
  std::size_t at = 0;
  std::size_t k = 0;
  for (; at < path.size() && k < key.size(); ++k) {
    if (key[k] == path[at]) {
      ++at;
    } else if (key[k] == '[') {
      k = std::min(key.find(']', k), key.size() - 1);
    } else {
      return false;
    }
  }
  return at == path.size() && (k == key.size() || key[k] == '.' || key[k] == '[');
}

// --- plugins' own keys
// -----------------------------------------------------------------------------
struct PluginKeys {
  std::string prefix; // "backend.kvm.", "run.scheduler_params."
  std::span<const ParamSpec> specs;
};

void add_plugin(loader::Registry& registry, const std::string& name, PluginKind kind,
                std::vector<PluginKeys>& to) {
  if (const auto plugin = registry.load(name, kind)) {
    to.push_back({kind == PluginKind::kBackend ? "backend." + (*plugin)->id + "."
                                               : std::string("run.scheduler_params."),
                  (*plugin)->descriptor->params});
  }
}

// The layer of [checks] between schedrig's defaults and the config's own.
void lay_check_defaults(loader::Registry& registry, config::LoadedConfig& loaded) {
  const std::string& name = loaded.scenario.run.scheduler;
  const auto& declared = loaded.scenario.schedulers;
  const auto found = std::ranges::find(declared, name, &SchedulerConfig::name);
  const auto plugin =
      registry.load(found == declared.end() ? name : found->plugin, PluginKind::kScheduler);
  auto* defaults = plugin ? query<CheckDefaults>(*(*plugin)->plugin) : nullptr;
  if (defaults != nullptr) {
    const auto problems = config::lay_scheduler_checks(name, defaults->checks(), loaded.sources,
                                                       loaded.document, loaded.scenario.checks);
    loaded.diagnostics.insert(loaded.diagnostics.end(), problems.begin(), problems.end());
  }
}

void add_plugin_defaults(const std::vector<PluginKeys>& plugins, std::vector<EffectiveKey>& rows) {
  for (const PluginKeys& plugin : plugins) {
    for (const ParamSpec& spec : plugin.specs) {
      const std::string key = plugin.prefix + std::string(spec.key);
      const bool given = std::ranges::find(rows, key, &EffectiveKey::key) != rows.end();
      if (!given && !spec.default_value.empty() && spec.key.find("[]") == std::string_view::npos) {
        rows.push_back({key, std::string(spec.default_value), "default of the plugin"});
      }
    }
  }
}

const ParamSpec* find_spec(const std::vector<PluginKeys>& plugins, const std::string& key) {
  for (const PluginKeys& plugin : plugins) {
    for (const ParamSpec& spec : plugin.specs) {
      if (plugin.prefix + std::string(spec.key) == key) {
        return &spec;
      }
    }
  }
  return nullptr;
}

// "backend.kvm" is no key of the config's own. False: no plugin has a section of that name.
bool print_section(const std::vector<PluginKeys>& plugins, const std::string& key) {
  const auto section = std::ranges::find(plugins, key + ".", &PluginKeys::prefix);
  if (section == plugins.end()) {
    return false;
  }
  print(key + "\n");
  for (const ParamSpec& spec : section->specs) {
    print(
        "    " + std::string(spec.key) + spaces(spec.key.size(), 22) + std::string(spec.doc) +
        (spec.default_value.empty() ? "" : " (default: " + std::string(spec.default_value) + ")") +
        "\n");
  }
  return true;
}

int explain(const std::string& key, const RunOptions& options, const Globals& globals) {
  config::LoadedConfig loaded;
  if (!options.config.empty()) {
    loaded = config::load_file(options.config, load_options(options));
    if (!loaded.ok()) {
      return report_diagnostics(loaded, globals);
    }
  }
  const RunConfig& run = loaded.scenario.run;
  loader::Registry registry =
      plugin_registry(globals, loaded.scenario.plugin_path, config_folder(options));
  std::vector<EffectiveKey> rows;
  std::vector<PluginKeys> plugins;
  if (!options.config.empty()) {
    lay_check_defaults(registry, loaded);
    if (!loaded.ok()) {
      return report_diagnostics(loaded, globals);
    }
    rows = config::effective_keys(loaded);
  }
  constexpr std::string_view kBackend = "backend.";
  if (!options.config.empty()) {
    add_plugin(registry, run.backend, PluginKind::kBackend, plugins);
    add_plugin(registry, run.scheduler, PluginKind::kScheduler, plugins);
    add_plugin_defaults(plugins, rows);
  } else if (key.starts_with(kBackend)) {
    const std::size_t end = key.find('.', kBackend.size());
    add_plugin(registry, key.substr(kBackend.size(), end - kBackend.size()), PluginKind::kBackend,
               plugins);
  }

  std::erase_if(rows,
                [&](const EffectiveKey& row) { return !key.empty() && !lies_below(row.key, key); });
  print_rows(rows);
  if (key.empty() && !rows.empty()) {
    return kExitPass;
  }
  if (const ParamSpec* spec = find_spec(plugins, key)) {
    print((rows.empty() ? key + "\n" : "") + "  " + std::string(spec->doc) + "\n");
    if (!spec->default_value.empty()) {
      print("  default: " + std::string(spec->default_value) + "\n");
    }
    return kExitPass;
  }
  const auto doc = config::find_key(key);
  if (!doc && rows.empty() && print_section(plugins, key)) {
    return kExitPass;
  }
  if (!doc) {
    return rows.empty() ? report_error(doc.error(), kExitUsage) : kExitPass;
  }
  print(rows.empty() && !key.empty() ? key + "\n" : "");
  print_doc(*doc);
  return kExitPass;
}

} // namespace

void add_explain_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto key = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand(
      "explain", "say what a key means and, with --config, its value and where that came from");
  verb->add_option("KEY", *key, "such as run.seed, step.hold, step.op.set_cpuset; default: all");
  verb->add_option("--config", options->config, "scenario file (TOML)");
  add_layer_options(*verb, *options);
  verb->callback([&action, &globals, options, key] {
    action = [&globals, options, key] { return explain(*key, *options, globals); };
  });
}

} // namespace schedrig::cli
