// SPDX-License-Identifier: MIT
// What a machine boots: a vmlinux, or whatever is taken for a kernel image, put into guest memory.
#include <algorithm>

#include "tests/fuzz/target.hpp"
#include "vmm/boot/loader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  using namespace schedrig::kvm;
  const auto file = std::as_bytes(std::span(data, size));
  const auto image = parse_kernel_image(file);
  if (!image) {
    fuzz::require(image.error().code == StatusCode::kBadData ||
                      image.error().code == StatusCode::kUnsupported,
                  "what is no kernel is said so");
    fuzz::require(!image.error().message.empty(), "an error has a message");
    return 0;
  }
  for (const KernelSegment& segment : image->segments) {
    const std::byte* const end = file.data() + file.size();
    fuzz::require(segment.bytes.data() >= file.data() &&
                      segment.bytes.size() <= static_cast<std::size_t>(end - segment.bytes.data()),
                  "a segment's bytes are in the file");
    fuzz::require(segment.address >= image->load_address &&
                      segment.address - image->load_address <= image->init_size &&
                      segment.bytes.size() <=
                          image->init_size - (segment.address - image->load_address),
                  "a segment lies in the kernel's range");
  }
  fuzz::require(image->entry >= image->load_address &&
                    image->entry - image->load_address < image->init_size,
                "the entry point lies in the kernel's range");
  const auto memory = GuestMemory::create(kMinMemoryBytes);
  fuzz::require(memory.has_value(), "there is RAM");
  const auto entry = load_linux(
      *memory,
      {.kernel = *image, .initramfs = {}, .command_line = "console=hvc0", .rsdp = kAcpiAddress});
  fuzz::require(entry || entry.error().code == StatusCode::kInvalidArgument,
                "what does not fit is said so");
  return 0;
}
