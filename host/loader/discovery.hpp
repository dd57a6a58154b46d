// SPDX-License-Identifier: MIT
// Which plugin files the search path holds, and which of them are shadowed or refused. Reads
// directories and ELF notes only: no code of a plugin runs.
//
// Names: plugin `mock` is the file mock.so. The first file of a name in the search order counts,
// even if it is refused: a stale file in --plugin-dir must not silently give way to another one.
// Thread: host thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/note.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

#include "host/loader/elf_note.hpp"
#include "host/loader/search_path.hpp"

namespace schedrig::loader {

enum class ListingState : std::uint32_t {
  kUsable = 0,   // the note fits this schedrig; what its code does is not known yet
  kShadowed = 1, // an earlier file has the same name: reason names it
  kRefused = 2,  // reason says why
};

// One *.so of a search directory.
struct PluginListing {
  std::string name; // file name without .so; the plugin's id if it is a sound plugin
  std::filesystem::path path;
  SearchOrigin origin = SearchOrigin::kCommandLine;
  ListingState state = ListingState::kUsable;
  std::optional<AbiNote> note;              // absent when the file has none that can be read
  std::optional<Error> reason;              // present unless state is kUsable
  const PluginDescriptor* linked = nullptr; // of a plugin of this executable: path is no file
};

// One directory of the search path. problem is present when it could not be read or was not read
// whole; that the installation's own directory does not exist is none.
struct DirectoryListing {
  SearchDirectory directory;
  std::optional<Error> problem;
};

struct Discovery {
  std::vector<DirectoryListing> directories;
  std::vector<PluginListing> listings; // in search order, each directory in the order of file names
};

// Never fails: what cannot be read is in the result. A directory that is on the path twice counts
// once, at its first place.
[[nodiscard]] Discovery discover_plugins(const std::vector<SearchDirectory>& search_path);

// The file's note, if the file fits this schedrig.
// Errors: as read_plugin_file, and kUnsupported with each field that differs and the remedy.
Result<PluginFile> read_fitting_plugin(const std::filesystem::path& path, SearchOrigin origin);

// kNotFound: no usable plugin of this kind has the name; with the nearest name and the directories
// that were searched.
[[nodiscard]] Error plugin_not_found(const Discovery& discovery, std::string_view name,
                                     PluginKind kind);

} // namespace schedrig::loader
