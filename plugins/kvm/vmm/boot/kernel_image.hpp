// SPDX-License-Identifier: MIT
// KernelImage: what the loader needs of a kernel, whichever file it came in: a bzImage
// (bzimage.hpp) or a vmlinux (vmlinux.hpp). Knows files and bytes, not VMs.
//
// Ownership: views into the caller's bytes. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <asm/bootparam.h>

#include <schedrig/result.hpp>

#include "../layout.hpp"

namespace schedrig::kvm {

enum class KernelFormat : std::uint8_t { kBzImage, kVmlinux };

struct KernelSegment {
  Gpa address = 0;
  std::span<const std::byte> bytes;
};

struct KernelImage {
  KernelFormat format = KernelFormat::kBzImage;
  setup_header header{};               // ready to be patched into boot_params
  std::vector<KernelSegment> segments; // what is copied; within the range below
  Gpa load_address = 0;                // where the range begins that the kernel needs to start
  std::uint64_t init_size = 0;         // its bytes
  Gpa entry = 0;                       // where the boot CPU begins, in 64-bit mode
  std::uint64_t initrd_end_max = 0;    // an initramfs ends at or below this (inclusive + 1)
  std::uint64_t command_line_max = 0;  // bytes without the terminating zero
  std::string version;                 // "6.18.15+deb13-cloud-amd64 (...) #1 SMP ...", may be empty
};

// Takes either format, by the file's first bytes. Errors as those of the two readers.
[[nodiscard]] Result<KernelImage> parse_kernel_image(std::span<const std::byte> file);

// Distribution kernels are 8-20 MiB (unpacked 60-80 MiB), initramfs images may reach some hundred.
inline constexpr std::uint64_t kMaxImageBytes = 512ULL << 20;

// boot.rst: how high an initramfs may end where the header does not say. Kernels say this much.
inline constexpr std::uint64_t kUsualInitrdEndMax = 0x80000000;

} // namespace schedrig::kvm
