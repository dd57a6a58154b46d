// SPDX-License-Identifier: MIT
// What an ELF program or library says about the files it needs. Everything is checked against the
// file's end: it may be any file. Thread: any.
//
// Format: System V ABI, chapters 4 and 5 ("Dynamic Linking"); x86-64 only.
#pragma once

#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct ElfNeeds {
  std::string interpreter;            // PT_INTERP; empty: static, or a library
  std::vector<std::string> needed;    // DT_NEEDED, in order
  std::string run_path;               // DT_RUNPATH, or DT_RPATH where that is all there is
  bool run_path_is_inherited = false; // DT_RPATH: its libraries' libraries are looked for there too
};

[[nodiscard]] bool is_elf(ByteView file) noexcept;

// kInvalidArgument: an ELF file, but none that an x86-64 Linux executes; kBadData: damaged.
[[nodiscard]] Result<ElfNeeds> read_elf_needs(ByteView file);

} // namespace schedrig::kvm
