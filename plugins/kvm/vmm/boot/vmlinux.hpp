// SPDX-License-Identifier: MIT
// vmlinux: the kernel's own ELF file, as its build leaves it or as a bzImage has it packed. It has
// no decompressor, so nothing moves it: it runs where it was linked to, without KASLR.
//
// Sources: ELF-64 object file format 1.5; arch/x86/kernel/vmlinux.lds.S (physical addresses in the
// program headers, entry phys_startup_64) and head_64.S (startup_64: entered by a boot loader in
// 64-bit mode, identity-mapped, RSI holding boot_params), Linux 6.18. Every field that is an offset
// or a size is checked against the bytes that are there. Thread: any.
#pragma once

#include "kernel_image.hpp"

namespace schedrig::kvm {

[[nodiscard]] bool is_elf_file(std::span<const std::byte> file) noexcept;

// kBadData: no x86-64 executable, damaged, or addresses that make no kernel. The version stays
// empty: the guest tells its own.
[[nodiscard]] Result<KernelImage> parse_vmlinux(std::span<const std::byte> file);

} // namespace schedrig::kvm
