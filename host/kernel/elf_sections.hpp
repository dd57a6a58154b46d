// SPDX-License-Identifier: MIT
// Finds a section of a 64-bit little-endian ELF file by name, with every bound checked.
//
// Enough for vmlinux (.BTF) and kernel modules (.modinfo). Knows no relocation and no symbol.
// Thread: any. Ownership: the view points into the caller's bytes.
#pragma once

#include <string_view>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

// Errors: kBadData (not such an ELF file, or a table outside it), kNotFound (no such section).
Result<ByteView> elf_section(ByteView file, std::string_view name);

} // namespace schedrig::kernel
