// SPDX-License-Identifier: MIT
// The kernel and the init program that a program of tests boots guests with.
#pragma once

#include "vmm/mapped_file.hpp"

namespace schedrig::kvm::test {

struct BootFiles {
  MappedFile kernel;
  MappedFile init;
};

// Empty until opened.
BootFiles& boot_files();

// Of the command line [--kernel=BZIMAGE] --init=PROGRAM; without --kernel the newest whole kernel
// of the cache. False: what is wrong has been said.
[[nodiscard]] bool open_boot_files(int argc, char** argv);

} // namespace schedrig::kvm::test
