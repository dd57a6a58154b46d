// SPDX-License-Identifier: MIT
// trim_elf: an ELF file without what only debuggers read, made in memory.
//
// A build with debug information is many times the size that the lab needs to carry into its
// initramfs. Keeps every loaded byte and the headers of the loaded sections (note readers look
// for those); drops debug sections and the static symbol table. Runs no program. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace schedrig::lab {

// Returns `file` unchanged when it is no 64-bit ELF file of the plain shape that linkers make.
std::string trim_elf(std::string_view file);

bool is_elf(std::string_view file);

// Is it a program or a shared object that the dynamic linker has to complete?
bool is_dynamic(std::string_view file);

// The program interpreter it asks for; empty: none.
std::string interpreter(std::string_view file);

} // namespace schedrig::lab
