// SPDX-License-Identifier: MIT
// Implementation on <elf.h>: cut after the last loaded byte, then append a shorter section table.
#include "host/lab/elf_trim.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <elf.h>

namespace schedrig::lab {
namespace {

template <class T> bool read_at(std::string_view file, std::uint64_t offset, T& value) {
  if (offset > file.size() || sizeof(T) > file.size() - offset) {
    return false;
  }
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return true;
}

template <class T> void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

bool read_header(std::string_view file, Elf64_Ehdr& header) {
  return read_at(file, 0, header) && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
         header.e_phentsize == sizeof(Elf64_Phdr);
}

std::vector<Elf64_Phdr> segments(std::string_view file, const Elf64_Ehdr& header) {
  std::vector<Elf64_Phdr> result;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (read_at(file, header.e_phoff + i * sizeof segment, segment)) {
      result.push_back(segment);
    }
  }
  return result;
}

// The sections that are loaded, if they are the first ones, as linkers lay them out; their
// indexes then stay what sh_link says. Empty otherwise.
std::vector<Elf64_Shdr> loaded_sections(std::string_view file, const Elf64_Ehdr& header) {
  std::vector<Elf64_Shdr> result;
  bool ended = false;
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!read_at(file, header.e_shoff + i * sizeof section, section)) {
      return {};
    }
    const bool loaded = i == 0 || (section.sh_flags & SHF_ALLOC) != 0;
    if (loaded && ended) {
      return {};
    }
    ended = ended || !loaded;
    if (loaded) {
      result.push_back(section);
    }
  }
  return result;
}

} // namespace

bool is_elf(std::string_view file) {
  Elf64_Ehdr header{};
  return read_header(file, header);
}

bool is_dynamic(std::string_view file) {
  Elf64_Ehdr header{};
  if (!read_header(file, header) || (header.e_type != ET_EXEC && header.e_type != ET_DYN)) {
    return false;
  }
  const auto all = segments(file, header);
  return std::ranges::any_of(all, [](const Elf64_Phdr& s) { return s.p_type == PT_DYNAMIC; });
}

std::string interpreter(std::string_view file) {
  Elf64_Ehdr header{};
  if (!read_header(file, header)) {
    return {};
  }
  for (const Elf64_Phdr& segment : segments(file, header)) {
    if (segment.p_type == PT_INTERP && segment.p_offset <= file.size() &&
        segment.p_filesz <= file.size() - segment.p_offset) {
      const std::string_view text = file.substr(segment.p_offset, segment.p_filesz);
      return std::string(text.substr(0, text.find('\0')));
    }
  }
  return {};
}

std::string trim_elf(std::string_view file) {
  Elf64_Ehdr header{};
  Elf64_Shdr names{};
  if (!read_header(file, header) || (header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
      header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
      !read_at(file, header.e_shoff + header.e_shstrndx * sizeof names, names) ||
      names.sh_offset > file.size() || names.sh_size > file.size() - names.sh_offset) {
    return std::string(file);
  }
  auto sections = loaded_sections(file, header);
  std::uint64_t end = sizeof header;
  for (const Elf64_Phdr& segment : segments(file, header)) {
    if (segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset) {
      return std::string(file);
    }
    end = std::max(end, segment.p_offset + segment.p_filesz);
  }
  if (sections.empty() || names.sh_offset < end) {
    return std::string(file);
  }
  std::string out(file.substr(0, end));
  const std::uint64_t names_at = out.size();
  out += file.substr(names.sh_offset, names.sh_size);
  out.resize((out.size() + 7) / 8 * 8);
  names.sh_offset = names_at;
  header.e_shoff = out.size();
  header.e_shstrndx = static_cast<Elf64_Half>(sections.size());
  sections.push_back(names);
  header.e_shnum = static_cast<Elf64_Half>(sections.size());
  for (const Elf64_Shdr& section : sections) {
    append(out, section);
  }
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

} // namespace schedrig::lab
