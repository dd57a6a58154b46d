// SPDX-License-Identifier: MIT
// KernelPlace: where in a machine's memory its kernel lies, found without the guest's help and
// without its CPUs' registers.
//
// A kernel is loaded at a multiple of 2 MiB (CONFIG_PHYSICAL_ALIGN) and, with KASLR, linked anew by
// another multiple of it (arch/x86/boot/compressed/kaslr.c of Linux 6.18). Its banner, at a known
// distance from its start, tells where it was loaded; its variable phys_base, how far the two
// differ; its own page tables prove both. Thread: host.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/kernel_view/guest_ram.hpp"
#include "host/kernel_view/page_walk.hpp"
#include "host/kernel_view/symbols.hpp"

namespace schedrig::kernel_view {

struct KernelPlace {
  std::uint64_t text = 0;       // _text by the linker
  std::uint64_t physical = 0;   // of _text
  std::uint64_t slide = 0;      // what KASLR has added to the linker's addresses
  std::uint64_t direct_map = 0; // page_offset_base: the linear address of physical 0
  PageTables tables;            // init_top_pgt: the kernel's half is in every process's, too

  // Of a place in the kernel's image by the linker's address.
  [[nodiscard]] std::uint64_t physical_of(std::uint64_t link_address) const {
    return physical + (link_address - text);
  }
};

// `banner`: the bytes at linux_banner in the image (host/kernel/kernel_banner.hpp). kNotFound: no
// such kernel runs in this memory, or not yet; kBadData: its variables contradict its page tables.
Result<KernelPlace> find_kernel(const GuestRam& ram, const Symbols& symbols,
                                std::string_view banner);

} // namespace schedrig::kernel_view
