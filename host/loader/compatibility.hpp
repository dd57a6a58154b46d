// SPDX-License-Identifier: MIT
// Whether a plugin's ABI note fits this schedrig: a pure comparison, and the words of a refusal.
//
// Knows notes only, no files. What is compared and why:
//   abi_major         another major has other rules: refused
//   abi_minor         a newer minor may call what this host does not have: refused; older: fine
//   abi_hash          another text of the SDK's boundary headers may lay structs out differently
//   cxx11_abi         std::string and friends have another layout
//   libstdcxx_debug   containers have another layout
//   sanitizers        shadow memory must be known to every object of the process
// The compiler and its version are listed but not compared: gcc and clang share the ABI.
// Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/note.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

namespace schedrig::loader {

struct FieldDifference {
  std::string field;  // as in AbiNote; "abi_hash" for its two halves
  std::string plugin; // value in the plugin's note
  std::string host;   // value in this schedrig
  std::string flag;   // compiler flag that makes them equal; empty when a rebuild is enough
};

// In the order above; empty means compatible. Both notes carry at least this release's fields.
[[nodiscard]] std::vector<FieldDifference> compare_abi(const AbiNote& plugin, const AbiNote& host);

// The note that this executable would carry (its kind is of no meaning).
[[nodiscard]] AbiNote host_abi_note();

// "gcc 12.2", "clang 19.1", "unknown compiler 7".
[[nodiscard]] std::string compiler_name(const AbiNote& note);

// Whether it is a value of PluginKind.
[[nodiscard]] bool is_known_kind(std::uint32_t kind);

// "backend", "scheduler", or "unknown kind 7".
[[nodiscard]] std::string plugin_kind_name(std::uint32_t kind);

// Where the remedy's command is to be run.
struct RebuildAdvice {
  std::filesystem::path sdk_prefix; // prefix of the installation or build tree that runs; absolute
  bool own_build_tree = false;      // the file belongs to the build tree sdk_prefix
};

// kUnsupported: "FILE: built for another schedrig: FIELD is A, here B; ..."; help is the command
// that rebuilds it. Requires that differences is not empty.
[[nodiscard]] Error abi_refusal(const std::filesystem::path& path,
                                const std::vector<FieldDifference>& differences,
                                const RebuildAdvice& advice);

// kUnsupported: the file is a plugin of another kind than was asked for.
[[nodiscard]] Error kind_refusal(const std::filesystem::path& path, std::uint32_t kind,
                                 PluginKind wanted);

} // namespace schedrig::loader
