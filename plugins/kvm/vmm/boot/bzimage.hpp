// SPDX-License-Identifier: MIT
// bzImage: the setup header of a Linux x86 kernel image, checked.
//
// Source: Documentation/arch/x86/boot.rst (boot protocol 2.15); offsets are those of
// struct boot_params in <asm/bootparam.h>. The image is untrusted: every field that is an offset
// or a size is checked against the bytes that are there. Thread: any.
#pragma once

#include "kernel_image.hpp"

namespace schedrig::kvm {

// One segment, the decompressor with the packed kernel behind it; it is loaded at pref_address,
// where it runs without moving itself, and entered at its 64-bit entry point, which needs protocol
// 2.12 (xloadflags). kBadData: not a bzImage, truncated, or a header whose values make no sense;
// kUnsupported: a kernel without the 64-bit entry point.
[[nodiscard]] Result<KernelImage> parse_bzimage(std::span<const std::byte> image);

} // namespace schedrig::kvm
