// SPDX-License-Identifier: MIT
// The files of this host that a program needs to run in a guest: itself, its interpreter, and the
// libraries that the dynamic linker would load. Libraries that a program opens by itself while it
// runs (dlopen(3)) are not known here. Thread: any.
#pragma once

#include <string>
#include <vector>

#include <sys/stat.h>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct ProgramFile {
  std::string path; // absolute, the same in the guest
  Bytes content;
  std::uint32_t mode = 0755;
};

struct ProgramFiles {
  std::string program;                   // absolute path
  std::vector<ProgramFile> files;        // the program first
  std::vector<std::string> library_dirs; // each once: where the guest's linker has to look
};

inline constexpr const char* kLinkerCachePath = "/etc/ld.so.cache";

// `binary`: a path, or a name that is looked for in PATH. `linker_cache` may be missing. Errors:
// kNotFound (the program, its interpreter or a library is not there), kInvalidArgument (no
// program), kBadData (damaged), kOs. All name the file and what wanted it.
[[nodiscard]] Result<ProgramFiles>
find_program_files(const std::string& binary, const std::string& linker_cache = kLinkerCachePath);

// What a program needs beside itself: a program or script as above, any other file alone.
[[nodiscard]] Result<ProgramFiles> find_needed_file(const std::string& path);

} // namespace schedrig::kvm
