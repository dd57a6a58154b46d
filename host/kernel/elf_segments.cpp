// SPDX-License-Identifier: MIT
#include "host/kernel/elf_segments.hpp"

#include <vector>

#include <elf.h>

namespace schedrig::kernel {
namespace {

std::vector<Elf64_Phdr> segments_of(ByteView file) {
  Elf64_Ehdr header{};
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_phentsize != sizeof(Elf64_Phdr) ||
      !inside(file, header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr))) {
    return {};
  }
  std::vector<Elf64_Phdr> segments;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    read_at(file, header.e_phoff + i * sizeof segment, segment);
    if (segment.p_type == PT_LOAD && inside(file, segment.p_offset, segment.p_filesz)) {
      segments.push_back(segment);
    }
  }
  return segments;
}

} // namespace

std::optional<std::uint64_t> address_of_offset(ByteView file, std::uint64_t offset) {
  for (const Elf64_Phdr& segment : segments_of(file)) {
    if (offset >= segment.p_offset && offset - segment.p_offset < segment.p_filesz) {
      return segment.p_vaddr + (offset - segment.p_offset);
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> offset_of_address(ByteView file, std::uint64_t address) {
  for (const Elf64_Phdr& segment : segments_of(file)) {
    if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

} // namespace schedrig::kernel
