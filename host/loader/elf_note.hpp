// SPDX-License-Identifier: MIT
// Reads a plugin's ABI note from its file, before anything of the file is mapped or run.
//
// The only module that includes libelf. Knows the note's form (schedrig/note.hpp), not whether
// its values fit: that is compatibility.hpp. Files are hostile: sizes are bounded before anything
// is allocated, and nothing in a file can make this hang (a FIFO is refused) or crash.
// Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>

#include <schedrig/note.hpp>
#include <schedrig/result.hpp>

namespace schedrig::loader {

// The same file has the same identity whatever path leads to it (links, bind mounts).
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

struct PluginFile {
  FileIdentity identity;
  AbiNote note{};
};

// A plugin with debug information and sanitizers is some 100 MiB.
inline constexpr std::int64_t kMaxPluginFileBytes = std::int64_t{1} << 30;

// Requires nothing of the file; the result is of a regular, 64-bit x86-64, little-endian ET_DYN
// file with one well-formed schedrig note.
// Errors: kNotFound (no such file), kOs (open, stat, read), kUnsupported (ELF, but of another
// class, machine or type), kBadData (no ELF, malformed, no note).
Result<PluginFile> read_plugin_file(const std::filesystem::path& path);

// Device and inode of a path. Errors: kNotFound, kOs.
Result<FileIdentity> file_identity(const std::filesystem::path& path);

} // namespace schedrig::loader
