// SPDX-License-Identifier: MIT
// Whether a descriptor that a plugin returned is sane: what the host relies on later.
//
// Reads the plugin's memory; a wild pointer in it crashes, so unknown files are checked in a child
// first (probe.hpp). Thread: host thread.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

namespace schedrig::loader {

inline constexpr std::size_t kMaxIdBytes = 64; // an id is a file name, a TOML key and a log tag

// [a-z][a-z0-9_]*, at most kMaxIdBytes.
[[nodiscard]] bool is_plugin_id(std::string_view text);

// `note_kind` is the kind that the file's note announces. Errors: kBadData, naming each field that
// is wrong.
Result<> check_descriptor(const PluginDescriptor* descriptor, std::uint32_t note_kind);

} // namespace schedrig::loader
