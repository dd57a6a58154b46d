// SPDX-License-Identifier: MIT
// QEMU for the lab: found in the cache, or fetched there from the distribution's archive.
//
// Nothing is installed: QEMU is unpacked with every library it needs, the C library and its loader
// among them, into ${XDG_CACHE_HOME:-~/.cache}/schedrig/qemu/VERSION/ and run from there. So it
// may come from a newer release than the machine's. Knows apt through host/apt. Thread: any; one
// fetch at a time per cache.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::lab {

struct Qemu {
  std::filesystem::path binary;
  std::filesystem::path loader; // its own ld.so
  std::vector<std::filesystem::path> library_dirs;
  std::vector<std::filesystem::path> data_dirs; // for -L: firmware and option ROMs
  std::string version;                          // package version

  // What to execute before QEMU's own arguments: QEMU by its own loader (ld.so(8)).
  [[nodiscard]] std::vector<std::string> command() const;
};

using Progress = std::function<void(std::string_view)>; // one line at a time; may be empty

// The newest in the cache. Errors: kNotFound, whose help names `schedrig lab setup`.
Result<Qemu> find_qemu();

// What `qemu --version` says, first line. Errors: kNotFound, kOs (it does not run), kTimeout.
Result<std::string> probe_qemu(const Qemu& qemu);

// As find_qemu, but fetches one if there is none. Errors: kUnsupported (no Debian apt here),
// kNotFound (no fit version in the archive), kOs (network), kTimeout.
Result<Qemu> setup_qemu(const Progress& progress);

} // namespace schedrig::lab
