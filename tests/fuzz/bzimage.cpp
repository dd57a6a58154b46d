// SPDX-License-Identifier: MIT
// Kernel images: the host's reader with the unpacking behind it, and the VMM's.
#include "host/kernel/bzimage.hpp"

#include "host/kernel/kernel_banner.hpp"
#include "host/kernel/symbol_source.hpp"
#include "tests/fuzz/target.hpp"
#include "vmm/boot/bzimage.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const auto image = std::as_bytes(std::span(data, size));
  const auto header = kernel::parse_bzimage(image);
  if (header) {
    fuzz::require(header->payload_at <= size && header->payload_size <= size - header->payload_at,
                  "the payload is within the image");
  }
  const auto vmlinux = kernel::extract_vmlinux(image);
  fuzz::require(vmlinux || !vmlinux.error().message.empty(), "an error has a message");
  if (vmlinux) {
    (void)kernel::symbol_source(*vmlinux);
    const auto banner = kernel::find_banner(*vmlinux);
    fuzz::require(!banner || !banner->version.empty(), "a banner has a version");
  }
  const auto bootable = kvm::parse_bzimage(image);
  if (bootable) {
    fuzz::require(bootable->segments.front().bytes.size() <= size,
                  "what is loaded is within the image");
  }
  return 0;
}
