// SPDX-License-Identifier: MIT
#include "host/config/config.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/decoder.hpp"
#include "host/config/import_workloads.hpp"
#include "host/config/layers.hpp"
#include "host/config/merge.hpp"
#include "host/config/overrides.hpp"
#include "host/config/references.hpp"

namespace schedrig::config {
namespace {

// What lies above the file.
void apply_upper_layers(const LoadOptions& options, Layers& layers, LoadedConfig& loaded,
                        Diagnostics& errors) {
  for (const std::string& path : options.overlays) {
    if (auto overlay = layers.load_file(path, SourceKind::kOverlay)) {
      merge_over(loaded.document, *std::move(overlay), scenario_forms());
    }
  }
  for (const std::string& set : options.sets) {
    const auto file = static_cast<std::uint32_t>(loaded.sources.size());
    loaded.sources.push_back({"--set", set, SourceKind::kSet});
    apply_set(set, file, loaded.document, errors);
  }
}

// Whether a value's relative path is one from the working directory.
bool is_of_the_command_line(const LoadedConfig& loaded, const Node& value) {
  return loaded.sources[value.pos.file].kind == SourceKind::kSet;
}

std::filesystem::path folder_of(const LoadedConfig& loaded, const Node& value) {
  return std::filesystem::path(loaded.sources[value.pos.file].name).parent_path();
}

// Folders of plugins are relative to the file that names them; the reader of a Scenario knows only
// the first.
void anchor_plugin_path(LoadedConfig& loaded) {
  const Node* plugins = loaded.document.find("plugins");
  const Node* path = plugins == nullptr ? nullptr : plugins->find("path");
  auto& folders = loaded.scenario.plugin_path;
  for (std::size_t i = 0; path != nullptr && i < folders.size() && i < path->items.size(); ++i) {
    const Node& folder = path->items[i];
    if (folder.pos.file != 0 && !is_of_the_command_line(loaded, folder)) {
      std::error_code error; // absolute() fails only without a current folder
      folders[i] = std::filesystem::absolute(folder_of(loaded, folder) / folders[i], error)
                       .lexically_normal()
                       .string();
    }
  }
}

void anchor_path(const LoadedConfig& loaded, const Node& said, std::string& path) {
  if (is_of_the_command_line(loaded, said)) {
    return;
  }
  path = (folder_of(loaded, said) / path).lexically_normal().string();
  if (path.find('/') == std::string::npos) {
    path.insert(0, "./");
  }
}

// Paths of a program and its files are relative to the file that says them; a program's name
// without a slash is looked for in PATH and stays one.
void anchor_programs(LoadedConfig& loaded) {
  const Node* list = loaded.document.find("payload");
  auto& payloads = loaded.scenario.payloads;
  for (std::size_t i = 0; list != nullptr && i < payloads.size() && i < list->items.size(); ++i) {
    PayloadDef& payload = payloads[i];
    const Node* binary = list->items[i].find("binary");
    if (binary != nullptr && payload.binary.find('/') != std::string::npos) {
      anchor_path(loaded, *binary, payload.binary);
    }
    const Node* files = list->items[i].find("files");
    const std::size_t count = files == nullptr ? 0 : files->items.size();
    for (std::size_t j = 0; j < std::min(count, payload.files.size()); ++j) {
      anchor_path(loaded, files->items[j], payload.files[j]);
    }
  }
}

// The same for an object and a loader program of a [[scheduler]].
void anchor_schedulers(LoadedConfig& loaded) {
  const Node* list = loaded.document.find("scheduler");
  auto& schedulers = loaded.scenario.schedulers;
  for (std::size_t i = 0; list != nullptr && i < schedulers.size() && i < list->items.size(); ++i) {
    for (ConfigParam& param : schedulers[i].params) {
      const bool is_object = param.key == "object";
      const Node* said =
          is_object || param.key == "binary" ? list->items[i].find(param.key) : nullptr;
      if (said != nullptr && (is_object || param.text.find('/') != std::string::npos)) {
        anchor_path(loaded, *said, param.text);
      }
    }
  }
}

void decode(const LoadOptions& options, LoadedConfig& loaded, Diagnostics& errors) {
  for (const Source& source : loaded.sources) {
    loaded.scenario.files.push_back(source.name);
  }
  if (!errors.empty()) {
    return;
  }
  Decoder decoder(
      errors, {.accept_unlanded = options.accept_unlanded, .host_topology = options.host_topology});
  decode_scenario(decoder, loaded.document, loaded.scenario);
  loaded.decoded = true;
  anchor_plugin_path(loaded);
  anchor_programs(loaded);
  anchor_schedulers(loaded);
  import_workloads(loaded.scenario, loaded.sources, errors);
  if (options.references) {
    check_references(decoder, loaded.scenario, loaded.document);
  }
  loaded.lost = std::move(decoder.lost());
}

template <class LoadBase>
LoadedConfig load(const std::string& name, const LoadOptions& options, LoadBase&& load_base) {
  LoadedConfig loaded;
  loaded.scenario.run.name = std::filesystem::path(name).stem().string();
  Diagnostics errors;
  Layers layers(loaded.sources, errors);
  if (std::optional<Node> document = load_base(layers)) {
    loaded.document = *std::move(document);
    apply_upper_layers(options, layers, loaded, errors);
  }
  decode(options, loaded, errors);
  loaded.diagnostics = errors.take_sorted();
  return loaded;
}

} // namespace

LoadedConfig load_text(std::string text, std::string name, const LoadOptions& options) {
  return load(name, options, [&](Layers& layers) {
    return layers.load_text(name, std::move(text), SourceKind::kFile);
  });
}

LoadedConfig load_file(const std::string& path, const LoadOptions& options) {
  return load(path, options,
              [&](Layers& layers) { return layers.load_file(path, SourceKind::kFile); });
}

} // namespace schedrig::config
