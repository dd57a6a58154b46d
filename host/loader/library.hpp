// SPDX-License-Identifier: MIT
// Maps a plugin's shared object into this process and finds its entry function.
//
// The only module that includes Boost.DLL. Runs the plugin's static constructors: whoever calls
// this on a file of unknown origin does it in a child (probe.hpp). Judges nothing.
// Thread: host thread.
#pragma once

#include <filesystem>

#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

namespace schedrig::loader {

// The library stays mapped until the process ends, also after an error: unloading C++ code is not
// safe (exceptions, thread-locals, unique symbols). Loading a path again gives the same function.
// Errors: kBadData with the dynamic linker's own words (unresolved symbol, missing library), or
// without the entry function.
Result<PluginEntry> load_plugin_entry(const std::filesystem::path& path);

} // namespace schedrig::loader
