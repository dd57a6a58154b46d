// SPDX-License-Identifier: MIT
// Where plugins are looked for, in which order, and why a directory is on the list.
//
// Knows nothing about what is in a directory. Pure functions over their arguments, except
// installation_plugin_directory. Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace schedrig::loader {

enum class SearchOrigin : std::uint32_t {
  kCommandLine = 0,  // --plugin-dir
  kEnvironment = 1,  // SCHEDRIG_PLUGIN_PATH
  kConfig = 2,       // [plugins] path
  kInstallation = 3, // beside the executable: this build's or installation's own plugins
  kExplicit = 4,     // no directory of the search path: the file was named by its path
};

// "--plugin-dir", "SCHEDRIG_PLUGIN_PATH", ...: for messages.
[[nodiscard]] std::string_view search_origin_name(SearchOrigin origin);

struct SearchDirectory {
  std::filesystem::path path;
  SearchOrigin origin = SearchOrigin::kCommandLine;
};

// What the user asked for; empty parts are fine.
struct SearchRequest {
  std::vector<std::filesystem::path> command_line; // in the order given
  std::string_view environment;                    // colon-separated; empty items are ignored
  std::vector<std::filesystem::path> config;       // resolved against the config file's directory
  std::filesystem::path installation;              // empty: none
};

// The directories in search order: command line, environment, config, installation.
[[nodiscard]] std::vector<SearchDirectory> plugin_search_path(const SearchRequest& request);

// ../lib/schedrig/plugins seen from the running executable (/proc/self/exe): the same relation
// holds in a build tree (build/bin) and in an installed one (PREFIX/bin). Empty when /proc cannot
// be read.
[[nodiscard]] std::filesystem::path installation_plugin_directory();

} // namespace schedrig::loader
