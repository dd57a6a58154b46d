// SPDX-License-Identifier: MIT
// Stages files of this machine into the lab's initramfs, each at its own absolute path.
//
// An ELF file brings its shared libraries (asked of the dynamic linker, which alone knows) and
// its interpreter, and loses its debug information; a script brings the program that runs it. A
// directory brings everything below it.
// Knows nothing about QEMU or kernels. Thread: one at a time.
#pragma once

#include <filesystem>

#include <schedrig/result.hpp>

#include "host/lab/cpio.hpp"

namespace schedrig::lab {

// Errors: kNotFound (no such file, or a library of it cannot be found), kOs, kTimeout.
Result<> stage(CpioWriter& archive, const std::filesystem::path& path);

// One file under another name, its bytes unchanged.
Result<> stage_as(CpioWriter& archive, const std::filesystem::path& path, const std::string& name);

} // namespace schedrig::lab
