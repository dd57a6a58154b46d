// SPDX-License-Identifier: MIT
// The plugin ABI: descriptor, entry function, and the root interface.
//
// A plugin is a shared object with one exported function, schedrig_plugin_entry_v1, and an ELF
// note (note.hpp) that the host reads before it loads the file. The function returns a constant,
// size-prefixed descriptor. SCHEDRIG_PLUGIN emits both; authors do not write them by hand.
//
// Rules of the boundary:
//  - Only fixed-width integers, enums with an underlying type, std::span, std::string_view, PODs
//    that start with their size, and interfaces cross it. Spans and views are valid during the
//    call only. Nothing throws across it: every method is noexcept and reports by Status.
//  - Interfaces are found by a string id that ends in a number. A released interface never
//    changes: a new ability is a new interface with a new id.
//  - Plugins are never unloaded; objects are destroyed by who made them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/params.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

enum class PluginKind : std::uint32_t { kBackend = 1, kScheduler = 2 };

enum class LogLevel : std::uint32_t { kTrace = 0, kDebug, kInfo, kWarn, kError };

// What the host offers to a plugin. Owned by the host, outlives the plugin's objects.
class HostServices {
 public:
  // [any-thread] One line without a newline; the host adds time and plugin id.
  virtual void log(LogLevel level, std::string_view text) noexcept = 0;
  // [any-thread] Directory that holds the plugin's file and what was installed beside it.
  [[nodiscard]] virtual std::string_view plugin_directory() const noexcept = 0;

 protected:
  ~HostServices() = default;
};

// The root object of a plugin. [host-thread]
class Plugin {
 public:
  // The interface with this id ("schedrig.backend/1"), or null. Lives as long as the plugin object.
  virtual void* query(std::string_view interface_id) noexcept = 0;

 protected:
  ~Plugin() = default; // destroyed through PluginDescriptor::destroy only
};

template <class Interface> [[nodiscard]] Interface* query(Plugin& plugin) noexcept {
  return static_cast<Interface*>(plugin.query(Interface::kInterfaceId));
}

struct PluginDescriptor {
  std::uint32_t size = sizeof(PluginDescriptor);
  PluginKind kind = PluginKind::kBackend;
  std::string_view id = {}; // [a-z][a-z0-9_]*, unique among all plugins: "mock", "eevdf"
  std::string_view name = {};
  std::string_view version = {};
  std::string_view licence = {}; // SPDX expression
  std::string_view description = {};
  std::span<const ParamSpec> params = {}; // what its config section or scheduler_params may hold
  // [host-thread] Makes the plugin's root object; *out is set only on success.
  Status (*create)(HostServices& host, Plugin** out) noexcept = nullptr;
  // [host-thread] Accepts what create made, once.
  void (*destroy)(Plugin* plugin) noexcept = nullptr;
};

using PluginEntry = const PluginDescriptor* (*)() noexcept;
inline constexpr char kPluginEntryName[] = "schedrig_plugin_entry_v1";

} // namespace schedrig
