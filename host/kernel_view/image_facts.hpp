// SPDX-License-Identifier: MIT
// ImageFacts: what a kernel's image says of the kernel that will run: its symbols, its types and
// its banner. Made once for a kernel, used for every machine that runs it. Thread: any, once made.
#pragma once

#include <filesystem>
#include <string>

#include <schedrig/result.hpp>

#include "host/kernel/btf_types.hpp"
#include "host/kernel_view/symbols.hpp"

namespace schedrig::kernel_view {

struct ImageFacts {
  Symbols symbols;
  kernel::BtfTypes types;
  std::string banner; // the bytes at linux_banner
};

// A bzImage or a vmlinux. Errors: as its readers, with the path; kNotFound: no symbols or no BTF in
// it.
Result<ImageFacts> read_image_facts(const std::filesystem::path& image);
// Of an unpacked kernel in memory.
Result<ImageFacts> read_vmlinux_facts(kernel::ByteView vmlinux);

} // namespace schedrig::kernel_view
