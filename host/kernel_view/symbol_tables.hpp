// SPDX-License-Identifier: MIT
// Where Symbols come from: an ELF symbol table, the table that a kernel carries for itself
// (kallsyms) read from its image, and what a running kernel says in /proc/kallsyms.
//
// All of it is hostile input: bounds before each access, no more symbols than kMaxSymbols. Thread:
// any.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/kernel/bytes.hpp"
#include "host/kernel_view/symbols.hpp"

namespace schedrig::kernel_view {

// Debian's cloud kernels have 200,000, an allyesconfig build some 2,000,000.
inline constexpr std::uint32_t kMaxSymbols = 4'000'000;

// The best of the image: its .symtab, else its kallsyms. kNotFound: neither; kBadData: damaged.
Result<Symbols> read_symbols(kernel::ByteView vmlinux);

// .symtab and .strtab. kNotFound: none; kBadData: damaged.
Result<Symbols> read_elf_symbols(kernel::ByteView vmlinux);

// The image's own table (scripts/kallsyms.c of Linux 6.1, 6.18 and 7.3). kNotFound: none; kBadData:
// its parts do not fit together.
Result<Symbols> read_image_kallsyms(kernel::ByteView vmlinux);

// The text of /proc/kallsyms, without the symbols of modules: runtime addresses. kUnsupported: it
// hides them (kptr_restrict); kBadData: a line that is none.
Result<Symbols> read_proc_kallsyms(std::string_view text);

} // namespace schedrig::kernel_view
