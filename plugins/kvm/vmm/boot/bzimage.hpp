// SPDX-License-Identifier: MIT
// BzImage: the setup header of a Linux x86 bzImage, checked. Knows files and bytes, not VMs.
//
// Source: Documentation/arch/x86/boot.rst (boot protocol 2.15); offsets are those of
// struct boot_params in <asm/bootparam.h>. The image is untrusted: every field that is an offset
// or a size is checked against the bytes that are there.
// Ownership: views into the caller's bytes. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <asm/bootparam.h>

#include <schedrig/result.hpp>

namespace schedrig::kvm {

struct BzImage {
  setup_header header{};                     // a copy, ready to be patched into boot_params
  std::span<const std::byte> protected_mode; // what is loaded and run (decompressor + payload)
  std::uint64_t load_address = 0;            // pref_address: where it runs without moving itself
  std::uint64_t init_size = 0;               // bytes that must be free from load_address on
  std::uint64_t initrd_end_max = 0;          // an initramfs ends at or below this (inclusive + 1)
  std::uint64_t command_line_max = 0;        // bytes without the terminating zero
  std::string version; // "6.18.15+deb13-cloud-amd64 (...) #1 SMP ...", may be empty
};

// 64-bit entry needs protocol 2.12 (xloadflags). kBadData: not a bzImage, truncated, or a header
// whose values make no sense; kUnsupported: a kernel without the 64-bit entry point.
[[nodiscard]] Result<BzImage> parse_bzimage(std::span<const std::byte> image);

// Reads a whole regular file, at most `limit` bytes.
[[nodiscard]] Result<std::vector<std::byte>> read_file(const std::string& path,
                                                       std::uint64_t limit);

// Distribution kernels are 8-20 MiB, initramfs images may reach some hundred.
inline constexpr std::uint64_t kMaxImageBytes = 512ULL << 20;

} // namespace schedrig::kvm
