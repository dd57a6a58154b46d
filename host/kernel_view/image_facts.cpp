// SPDX-License-Identifier: MIT
#include "host/kernel_view/image_facts.hpp"

#include <utility>

#include "host/kernel/bzimage.hpp"
#include "host/kernel/elf_sections.hpp"
#include "host/kernel/elf_segments.hpp"
#include "host/kernel_view/symbol_tables.hpp"

namespace schedrig::kernel_view {
namespace {

// "Linux version 6.18.15 (builder@host) ... #1 SMP ...\n": the kernel prints it at its start.
constexpr std::size_t kMaxBannerBytes = 1024;

Result<std::string> banner_of(kernel::ByteView vmlinux, const Symbols& symbols) {
  const std::uint64_t address = TRY(symbols.address_of("linux_banner"));
  const auto offset = kernel::offset_of_address(vmlinux, address);
  const kernel::ByteView bytes = offset ? vmlinux.subspan(*offset) : kernel::ByteView();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kMaxBannerBytes));
  const std::size_t end = text.find('\n');
  if (!text.starts_with("Linux version ") || end == std::string_view::npos) {
    return fail(StatusCode::kBadData, "no banner lies at the symbol linux_banner");
  }
  return std::string(text.substr(0, end));
}

Result<ImageFacts> facts_of(const std::filesystem::path& image) {
  const kernel::Bytes file = TRY(kernel::read_file(image, kernel::kMaxImageBytes));
  const kernel::Bytes vmlinux = TRY(kernel::extract_vmlinux(file));
  return read_vmlinux_facts(vmlinux);
}

} // namespace

Result<ImageFacts> read_vmlinux_facts(kernel::ByteView vmlinux) {
  const kernel::ByteView btf = TRY(kernel::elf_section(vmlinux, ".BTF"));
  auto types = TRY(kernel::BtfTypes::read(btf));
  auto symbols = TRY(read_symbols(vmlinux));
  auto banner = TRY(banner_of(vmlinux, symbols));
  return ImageFacts{
      .symbols = std::move(symbols), .types = std::move(types), .banner = std::move(banner)};
}

Result<ImageFacts> read_image_facts(const std::filesystem::path& image) {
  auto facts = facts_of(image);
  if (!facts) {
    return std::unexpected(
        std::move(facts).error().context("read names and types of kernel " + image.string()));
  }
  return facts;
}

} // namespace schedrig::kernel_view
