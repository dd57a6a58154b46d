// SPDX-License-Identifier: MIT
// Checks of the bzImage setup header.
#include "bzimage.hpp"

#include <algorithm>
#include <cstring>

namespace schedrig::kvm {
namespace {

constexpr std::size_t kSectorBytes = 512;
constexpr std::size_t kHeaderOffset = offsetof(boot_params, hdr);
constexpr std::uint16_t kBootFlag = 0xaa55;
constexpr std::uint32_t kHeaderMagic = 0x53726448; // "HdrS"
constexpr std::uint16_t kFirstVersionWith64BitEntry = 0x020c;
constexpr std::size_t kVersionTextMax = 256;
// Where the 64-bit entry point lies within the protected-mode part, by protocol.
constexpr std::size_t kEntry64Offset = 0x200;
constexpr std::uint64_t kDefaultInitrdEndMax = 0x38000000; // boot.rst: for headers that say 0

std::unexpected<Error> bad(const std::string& what) {
  return fail(StatusCode::kBadData, "kernel image: " + what,
              "give an x86-64 bzImage, such as /boot/vmlinuz-* of a distribution, or a vmlinux");
}

std::string version_text(std::span<const std::byte> image, const setup_header& header,
                         std::size_t setup_bytes) {
  // kernel_version is relative to 0x200 and must lie within the real-mode part.
  const std::size_t start = std::size_t{header.kernel_version} + kSectorBytes;
  if (header.kernel_version == 0 || start >= setup_bytes) {
    return {};
  }
  std::string text;
  for (std::size_t i = start; i < setup_bytes && text.size() < kVersionTextMax; ++i) {
    const char c = static_cast<char>(image[i]);
    if (c < ' ' || c > '~') {
      break;
    }
    text.push_back(c);
  }
  return text;
}

} // namespace

Result<KernelImage> parse_bzimage(std::span<const std::byte> image) {
  if (image.size() < kHeaderOffset + sizeof(setup_header)) {
    return bad(std::to_string(image.size()) + " bytes, too short for a setup header");
  }
  KernelImage result;
  std::memcpy(&result.header, image.data() + kHeaderOffset, sizeof(setup_header));
  const setup_header& header = result.header;
  if (header.boot_flag != kBootFlag || header.header != kHeaderMagic) {
    return bad("no boot flag 0xaa55 and \"HdrS\" at offsets 0x1fe and 0x202");
  }
  if (header.version < kFirstVersionWith64BitEntry || (header.xloadflags & XLF_KERNEL_64) == 0) {
    return fail(StatusCode::kUnsupported,
                "kernel image: boot protocol " + std::to_string(header.version >> 8U) + "." +
                    std::to_string(header.version & 0xffU) + " without a 64-bit entry point",
                "use an x86-64 kernel of Linux 3.8 or later");
  }
  // boot.rst: 0 means 4.
  const std::size_t setup_sectors = header.setup_sects == 0 ? 4 : header.setup_sects;
  const std::size_t setup_bytes = (setup_sectors + 1) * kSectorBytes;
  if (setup_bytes >= image.size()) {
    return bad("setup code of " + std::to_string(setup_bytes) + " bytes in an image of " +
               std::to_string(image.size()));
  }
  // syssize counts 16-byte units; the file may be longer (a signature follows) but not shorter.
  const std::uint64_t payload_bytes = std::uint64_t{header.syssize} * 16;
  const std::uint64_t available = image.size() - setup_bytes;
  if (payload_bytes <= kEntry64Offset) {
    return bad("protected-mode part of " + std::to_string(payload_bytes) + " bytes");
  }
  // The last 16-byte unit may be cut: the size is rounded up.
  if (payload_bytes > available + 15) {
    return bad("truncated: the header announces " + std::to_string(payload_bytes) +
               " bytes of protected-mode code, the file has " + std::to_string(available));
  }
  const auto code = image.subspan(setup_bytes, std::min(payload_bytes, available));
  result.load_address = header.pref_address;
  result.entry = result.load_address + kEntry64Offset;
  result.segments = {{.address = result.load_address, .bytes = code}};
  result.init_size = header.init_size;
  if (header.kernel_alignment == 0 ||
      (header.kernel_alignment & (header.kernel_alignment - 1)) != 0 ||
      result.load_address % header.kernel_alignment != 0) {
    return bad("preferred address " + std::to_string(result.load_address) +
               " does not fit alignment " + std::to_string(header.kernel_alignment));
  }
  if (result.init_size < code.size()) {
    return bad("init_size " + std::to_string(result.init_size) + " is less than the code's " +
               std::to_string(code.size()) + " bytes");
  }
  result.initrd_end_max = header.initrd_addr_max == 0 ? kDefaultInitrdEndMax
                                                      : std::uint64_t{header.initrd_addr_max} + 1;
  result.command_line_max = header.cmdline_size == 0 ? 255 : header.cmdline_size;
  result.version = version_text(image, header, setup_bytes);
  return result;
}

} // namespace schedrig::kvm
