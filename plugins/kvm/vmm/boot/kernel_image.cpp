// SPDX-License-Identifier: MIT
#include "kernel_image.hpp"

#include "bzimage.hpp"
#include "vmlinux.hpp"

namespace schedrig::kvm {

Result<KernelImage> parse_kernel_image(std::span<const std::byte> file) {
  return is_elf_file(file) ? parse_vmlinux(file) : parse_bzimage(file);
}

} // namespace schedrig::kvm
