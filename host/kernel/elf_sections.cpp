// SPDX-License-Identifier: MIT
// Implementation of the section lookup on <elf.h>'s structures.
#include "host/kernel/elf_sections.hpp"

#include <algorithm>

#include <elf.h>

namespace schedrig::kernel {
namespace {

std::string_view name_at(ByteView names, std::uint32_t offset) {
  if (offset >= names.size()) {
    return {};
  }
  const auto* text = reinterpret_cast<const char*>(names.data()) + offset;
  const std::size_t room = names.size() - offset;
  return {text, ::strnlen(text, room)};
}

Result<ByteView> content(ByteView file, const Elf64_Shdr& header) {
  if (header.sh_type == SHT_NOBITS || !inside(file, header.sh_offset, header.sh_size)) {
    return fail(StatusCode::kBadData, "an elf section lies outside the file");
  }
  return file.subspan(header.sh_offset, header.sh_size);
}

} // namespace

Result<ByteView> elf_section(ByteView file, std::string_view name) {
  Elf64_Ehdr header{};
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return fail(StatusCode::kBadData, "not a 64-bit little-endian elf file");
  }
  if (header.e_shentsize != sizeof(Elf64_Shdr) ||
      !inside(file, header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)) ||
      header.e_shstrndx >= header.e_shnum) {
    return fail(StatusCode::kBadData, "the elf section table is malformed");
  }
  const auto section_at = [&](std::uint64_t index) {
    Elf64_Shdr section{};
    read_at(file, header.e_shoff + index * sizeof section, section);
    return section;
  };
  const ByteView names = TRY(content(file, section_at(header.e_shstrndx)));
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr section = section_at(i);
    if (name_at(names, section.sh_name) == name) {
      return content(file, section);
    }
  }
  return fail(StatusCode::kNotFound, "no elf section " + std::string(name));
}

} // namespace schedrig::kernel
