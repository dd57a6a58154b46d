// SPDX-License-Identifier: MIT
// Registry: the plugins that this process has loaded, out of those that discovery found.
//
// load() runs a plugin's code: a file from anywhere but the installation's own directory is first
// probed in a child process (probe.hpp), so that a plugin that crashes at load is an error and not
// the end of schedrig. The installation's own plugins were built and tested together with this
// executable; probing them would only double the start-up time.
//
// Ownership: the registry owns the plugins' root objects and destroys them, last loaded first,
// when it is destroyed; libraries stay mapped until the process ends. Whoever holds objects made
// by a plugin (machines) must let go of them before.
// Thread: host thread only; load() forks, so no other thread may hold locks that a plugin needs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

#include "host/loader/discovery.hpp"
#include "host/loader/search_path.hpp"

namespace schedrig::loader {

// A plugin whose code is in this process and whose root object exists.
struct LoadedPlugin {
  std::string id; // equals descriptor->id
  const PluginDescriptor* descriptor = nullptr;
  Plugin* plugin = nullptr;
  std::filesystem::path path;
  SearchOrigin origin = SearchOrigin::kCommandLine;
};

class Registry {
 public:
  // Usually Registry(discover_plugins(plugin_search_path(...))).
  explicit Registry(Discovery discovery);

  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) = delete; // would have to order the destruction of both sides
  ~Registry();

  [[nodiscard]] const Discovery& discovery() const { return discovery_; }

  // Loads a plugin by name, or by path when name_or_path contains a slash, and makes its root
  // object. Asking again for what is loaded returns the same object; it lives as long as the
  // registry, at a stable address.
  // Errors: kNotFound (no such name: nearest names and the directories that were searched; or the
  // file vanished since discovery), kUnsupported (its ABI or kind does not fit: each field that
  // differs and the remedy), kBadData (no ELF, no note, unresolved symbol, no entry, broken
  // descriptor), kAlreadyExists (duplicate id, same file by another path), kInternal (crashed in
  // the probe), kTimeout (hung in the probe), or what the plugin's create returned.
  Result<const LoadedPlugin*> load(std::string_view name_or_path, PluginKind kind);

  // What has been loaded, in order.
  [[nodiscard]] std::vector<const LoadedPlugin*> loaded() const;

 private:
  struct Entry;
  struct Source { // the file that a name or path leads to
    std::filesystem::path path;
    SearchOrigin origin;
    std::string_view expected_id;             // empty: any
    const PluginDescriptor* linked = nullptr; // it is no file
  };

  Result<Source> find(std::string_view name_or_path, PluginKind kind) const;
  Result<const LoadedPlugin*> load_file(const Source& source, PluginKind kind);
  // Makes the root object of a plugin whose code is in this process.
  Result<const LoadedPlugin*> create(const Source& source, const PluginDescriptor* descriptor,
                                     std::uint32_t kind, const FileIdentity& identity);
  Result<> check_id(const Source& source, std::string_view id) const;

  Discovery discovery_;
  std::vector<std::unique_ptr<Entry>> entries_; // in the order of loading
};

} // namespace schedrig::loader
