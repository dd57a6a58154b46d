// SPDX-License-Identifier: MIT
// Puts kernel, initramfs, command line, boot_params, page tables and GDT into guest memory, and
// says how the boot CPU starts. Knows the 64-bit boot protocol (Documentation/arch/x86/boot.rst,
// "64-bit boot protocol"); knows nothing of KVM but its register structs.
//
// A bzImage decides for itself where its kernel ends up (KASLR): the e820 map is all it needs. A
// vmlinux stays where it is put.
// Errors: kInvalidArgument when something does not fit, with the sizes. Thread: before vCPUs run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "../guest_memory.hpp"
#include "kernel_image.hpp"

namespace schedrig::kvm {

struct BootImage {
  const KernelImage& kernel;
  std::span<const std::byte> initramfs; // may be empty
  std::string_view command_line;
  Gpa rsdp = 0;
};

struct EntryPoint {
  Gpa rip = 0;
  Gpa boot_params = 0; // in RSI
};

[[nodiscard]] Result<EntryPoint> load_linux(const GuestMemory& memory, const BootImage& image);

// Identity map of the first 4 GiB with 2 MiB pages: covers everything the loader places. Also
// writes the GDT.
[[nodiscard]] Result<> write_boot_tables(const GuestMemory& memory);

// The boot CPU's state at the 64-bit entry: long mode, paging on, flat segments, interrupts off.
void set_long_mode(kvm_sregs& sregs) noexcept;
[[nodiscard]] kvm_regs entry_registers(const EntryPoint& entry) noexcept;

} // namespace schedrig::kvm
