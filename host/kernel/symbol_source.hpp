// SPDX-License-Identifier: MIT
// Where a kernel's symbols can be read from. A distribution's vmlinux is stripped, but most kernels
// carry their own table, kallsyms, which /proc/kallsyms shows in the running guest.
// Thread: any.
#pragma once

#include <cstdint>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

enum class SymbolSource : std::uint8_t {
  kElfSymbols = 0, // a .symtab section: a build's own vmlinux
  kKallsyms = 1,   // the table in the image, by scripts/kallsyms.c
  kGuestOnly = 2,  // neither: what the running guest says, if it says anything
};

// In words, as a file's keyword.
const char* to_string(SymbolSource source);

// The best of the image. What is damaged counts as absent.
SymbolSource symbol_source(ByteView vmlinux);

} // namespace schedrig::kernel
