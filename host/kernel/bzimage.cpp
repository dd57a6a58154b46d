// SPDX-License-Identifier: MIT
// Implementation of the bzImage reader.
#include "host/kernel/bzimage.hpp"

#include <algorithm>
#include <string_view>

#include "host/kernel/decompress.hpp"

namespace schedrig::kernel {
namespace {

// Offsets in the setup header: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
constexpr std::uint64_t kSetupSects = 0x1f1;
constexpr std::uint64_t kBootFlag = 0x1fe;
constexpr std::uint64_t kHeader = 0x202;
constexpr std::uint64_t kVersion = 0x206;
constexpr std::uint64_t kKernelVersion = 0x20e;
constexpr std::uint64_t kPayloadOffset = 0x248;
constexpr std::uint64_t kPayloadLength = 0x24c;
constexpr std::uint32_t kHdrS = 0x53726448;
constexpr std::uint16_t kBootFlagValue = 0xaa55;
constexpr std::uint16_t kFirstWithPayload = 0x0208;
constexpr std::uint64_t kSector = 512;
constexpr std::size_t kMaxVersionText = 512;

std::string text_at(ByteView image, std::uint64_t offset) {
  if (offset >= image.size()) {
    return {};
  }
  const ByteView tail = image.subspan(offset, std::min(kMaxVersionText, image.size() - offset));
  const auto end = std::ranges::find(tail, std::byte{0});
  std::string text;
  for (auto at = tail.begin(); at != end; ++at) {
    const auto c = std::to_integer<char>(*at);
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

} // namespace

Result<BzImage> parse_bzimage(ByteView image) {
  std::uint8_t setup_sects = 0;
  std::uint16_t boot_flag = 0;
  std::uint32_t header = 0;
  std::uint16_t version_at = 0;
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_length = 0;
  BzImage result;
  if (!read_at(image, kSetupSects, setup_sects) || !read_at(image, kBootFlag, boot_flag) ||
      !read_at(image, kHeader, header) || !read_at(image, kVersion, result.protocol) ||
      !read_at(image, kKernelVersion, version_at) ||
      !read_at(image, kPayloadOffset, payload_offset) ||
      !read_at(image, kPayloadLength, payload_length)) {
    return fail(StatusCode::kBadData,
                "too short to be a kernel image (" + std::to_string(image.size()) + " bytes)");
  }
  if (boot_flag != kBootFlagValue || header != kHdrS) {
    return fail(StatusCode::kBadData, "no x86 boot header (HdrS at 0x202)",
                "a bzImage is needed, such as Debian's /boot/vmlinuz-*");
  }
  if (result.protocol < kFirstWithPayload) {
    return fail(StatusCode::kUnsupported, "boot protocol older than 2.08: the image does not say "
                                          "where its kernel lies");
  }
  // 0 means 4, for images older than any that can run here; boot.rst says to honour it.
  const std::uint64_t sectors = setup_sects == 0 ? 4 : setup_sects;
  result.payload_at = (sectors + 1) * kSector + payload_offset;
  result.payload_size = payload_length;
  if (payload_length == 0 || !inside(image, result.payload_at, result.payload_size)) {
    return fail(StatusCode::kBadData,
                "the header places the kernel at " + std::to_string(result.payload_at) + ", " +
                    std::to_string(payload_length) + " bytes, outside the file's " +
                    std::to_string(image.size()),
                "the file is cut off or damaged: copy or download it again");
  }
  const std::string text = version_at == 0 ? "" : text_at(image, version_at + kSector);
  const std::size_t space = text.find(' ');
  result.version = text.substr(0, space);
  result.build = space == std::string::npos ? "" : text.substr(space + 1);
  if (result.version.empty()) {
    return fail(StatusCode::kBadData, "the header names no kernel version");
  }
  return result;
}

Result<Bytes> extract_vmlinux(ByteView image) {
  if (compression_of(image) == Compression::kNone) {
    return Bytes(image.begin(), image.end());
  }
  const BzImage header = TRY(parse_bzimage(image));
  auto vmlinux = decompress(image.subspan(header.payload_at, header.payload_size), kMaxImageBytes);
  if (!vmlinux) {
    return std::unexpected(std::move(vmlinux).error().context("unpacking the kernel"));
  }
  if (compression_of(*vmlinux) != Compression::kNone) {
    return fail(StatusCode::kBadData, "the kernel packed in the image is no ELF file");
  }
  return vmlinux;
}

} // namespace schedrig::kernel
