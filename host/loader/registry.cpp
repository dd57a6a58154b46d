// SPDX-License-Identifier: MIT
#include "host/loader/registry.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/loader/compatibility.hpp"
#include "host/loader/descriptor.hpp"
#include "host/loader/library.hpp"
#include "host/loader/plugin_host.hpp"
#include "host/loader/probe.hpp"
#include "host/log/log.hpp"

namespace schedrig::loader {

struct Registry::Entry {
  LoadedPlugin loaded;
  FileIdentity identity;
  PluginHost host; // the plugin's object refers to it

  Entry(LoadedPlugin plugin, FileIdentity file)
      : loaded(std::move(plugin)), identity(file), host(loaded.id, loaded.path.parent_path()) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (loaded.plugin != nullptr) {
      loaded.descriptor->destroy(loaded.plugin);
    }
  }
};

Registry::Registry(Discovery discovery) : discovery_(std::move(discovery)) {}

Registry::Registry(Registry&&) noexcept = default;

Registry::~Registry() {
  while (!entries_.empty()) {
    entries_.pop_back();
  }
}

std::vector<const LoadedPlugin*> Registry::loaded() const {
  std::vector<const LoadedPlugin*> result;
  result.reserve(entries_.size());
  for (const std::unique_ptr<Entry>& entry : entries_) {
    result.push_back(&entry->loaded);
  }
  return result;
}

Result<const LoadedPlugin*> Registry::load(std::string_view name_or_path, PluginKind kind) {
  const Source source = TRY(find(name_or_path, kind));
  for (const std::unique_ptr<Entry>& entry : entries_) {
    if (entry->loaded.path != source.path) {
      continue;
    }
    if (entry->loaded.descriptor->kind != kind) {
      return std::unexpected(kind_refusal(
          source.path, static_cast<std::uint32_t>(entry->loaded.descriptor->kind), kind));
    }
    return &entry->loaded;
  }
  if (source.linked != nullptr) {
    if (source.linked->kind != kind) {
      return std::unexpected(
          kind_refusal(source.path, static_cast<std::uint32_t>(source.linked->kind), kind));
    }
    return create(source, source.linked, static_cast<std::uint32_t>(kind), {});
  }
  return load_file(source, kind);
}

Result<Registry::Source> Registry::find(std::string_view name_or_path, PluginKind kind) const {
  if (name_or_path.contains('/')) {
    return Source{std::filesystem::path(name_or_path), SearchOrigin::kExplicit, {}, {}};
  }
  const auto listing = std::ranges::find(discovery_.listings, name_or_path, &PluginListing::name);
  if (listing == discovery_.listings.end()) {
    return std::unexpected(plugin_not_found(discovery_, name_or_path, kind));
  }
  if (const std::optional<Error>& reason = listing->reason; reason) {
    return std::unexpected(*reason);
  }
  return Source{listing->path, listing->origin, listing->name, listing->linked};
}

Result<> Registry::check_id(const Source& source, std::string_view id) const {
  if (!source.expected_id.empty() && id != source.expected_id) {
    return fail(StatusCode::kBadData,
                source.path.string() + ": the plugin calls itself '" + std::string(id) + "'",
                "name the file " + std::string(id) + ".so");
  }
  for (const std::unique_ptr<Entry>& entry : entries_) {
    if (entry->loaded.id == id) {
      return fail(StatusCode::kAlreadyExists,
                  source.path.string() + ": plugin id '" + std::string(id) + "' is taken by " +
                      entry->loaded.path.string(),
                  "load one of the two");
    }
  }
  return {};
}

Result<const LoadedPlugin*> Registry::load_file(const Source& source, PluginKind kind) {
  // Read again: the file may have been replaced or removed since it was listed.
  Result<PluginFile> read = read_fitting_plugin(source.path, source.origin);
  if (!read) {
    const bool vanished =
        read.error().code == StatusCode::kNotFound && source.origin != SearchOrigin::kExplicit;
    return std::unexpected(
        vanished ? std::move(read).error().context("plugin file vanished after it was listed")
                 : std::move(read).error());
  }
  const PluginFile& file = *read;
  if (file.note.kind != static_cast<std::uint32_t>(kind)) {
    return std::unexpected(kind_refusal(source.path, file.note.kind, kind));
  }
  for (const std::unique_ptr<Entry>& entry : entries_) {
    if (entry->identity == file.identity) {
      return fail(StatusCode::kAlreadyExists,
                  source.path.string() + ": the same file is loaded as " +
                      entry->loaded.path.string(),
                  "name a plugin by one path");
    }
  }
  if (source.origin != SearchOrigin::kInstallation) {
    const ProbeReport report = TRY(probe_plugin(source.path, file.note.kind));
    TRY(check_id(source, report.id)); // before its code runs in this process
  }

  const PluginDescriptor* descriptor = TRY(load_plugin_entry(source.path))();
  return create(source, descriptor, file.note.kind, file.identity);
}

Result<const LoadedPlugin*> Registry::create(const Source& source,
                                             const PluginDescriptor* descriptor, std::uint32_t kind,
                                             const FileIdentity& identity) {
  if (Result<> sane = check_descriptor(descriptor, kind); !sane) {
    return std::unexpected(std::move(sane).error().context(source.path.string()));
  }
  TRY(check_id(source, descriptor->id));
  auto entry = std::make_unique<Entry>(LoadedPlugin{.id = std::string(descriptor->id),
                                                    .descriptor = descriptor,
                                                    .plugin = nullptr,
                                                    .path = source.path,
                                                    .origin = source.origin},
                                       identity);
  Plugin* plugin = nullptr;
  if (Result<> made = from_status(descriptor->create(entry->host, &plugin)); !made) {
    return std::unexpected(std::move(made).error().context(source.path.string() + ": create"));
  }
  if (plugin == nullptr) {
    return fail(StatusCode::kBadData, source.path.string() + ": create returned ok and no object");
  }
  entry->loaded.plugin = plugin;
  log::debug(log::Module::kLoader, "loaded plugin " + entry->loaded.id + " " +
                                       std::string(descriptor->version) + " from " +
                                       source.path.string());
  entries_.push_back(std::move(entry));
  return &entries_.back()->loaded;
}

} // namespace schedrig::loader
