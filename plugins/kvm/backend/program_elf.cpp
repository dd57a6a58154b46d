// SPDX-License-Identifier: MIT
#include "backend/program_elf.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <elf.h>

namespace schedrig::kvm {
namespace {

// Real programs have some fifteen program headers and some dozens of libraries.
constexpr std::uint16_t kMaxProgramHeaders = 128;
constexpr std::size_t kMaxNeeded = 512;
constexpr std::size_t kMaxNameBytes = 4096;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(StatusCode::kBadData, "a damaged ELF file: " + std::string(what));
}

template <class T> std::optional<T> read_at(ByteView file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) {
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

// Zero-terminated, within the file.
std::optional<std::string> string_at(ByteView file, std::uint64_t offset) {
  if (offset >= file.size()) {
    return std::nullopt;
  }
  const ByteView rest =
      file.subspan(offset, std::min<std::size_t>(file.size() - offset, kMaxNameBytes));
  const auto end = std::ranges::find(rest, std::byte{0});
  if (end == rest.end()) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(rest.data()),
                     static_cast<std::size_t>(end - rest.begin()));
}

Result<std::vector<Elf64_Phdr>> program_headers(ByteView file) {
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  if (!header) {
    return damaged("it ends within its header");
  }
  const bool runs_here =
      header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
      header->e_machine == EM_X86_64 && (header->e_type == ET_EXEC || header->e_type == ET_DYN);
  if (!runs_here) {
    return fail(StatusCode::kInvalidArgument, "no x86-64 program or library");
  }
  if (header->e_phnum > kMaxProgramHeaders || header->e_phentsize != sizeof(Elf64_Phdr)) {
    return damaged("its program headers");
  }
  std::vector<Elf64_Phdr> headers;
  for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
    const auto one = header->e_phoff <= file.size()
                         ? read_at<Elf64_Phdr>(file, header->e_phoff + i * sizeof(Elf64_Phdr))
                         : std::nullopt;
    if (!one) {
      return damaged("its program headers are behind its end");
    }
    headers.push_back(*one);
  }
  return headers;
}

// Where in the file an address of the loaded program is.
std::optional<std::uint64_t> offset_of(const std::vector<Elf64_Phdr>& headers,
                                       std::uint64_t address) {
  for (const Elf64_Phdr& one : headers) {
    if (one.p_type == PT_LOAD && address >= one.p_vaddr && address - one.p_vaddr < one.p_filesz) {
      return one.p_offset + (address - one.p_vaddr);
    }
  }
  return std::nullopt;
}

struct DynamicSection {
  std::optional<std::uint64_t> strings; // address
  std::vector<std::uint64_t> needed;    // offsets within the strings
  std::optional<std::uint64_t> run_path;
  std::optional<std::uint64_t> old_run_path;
};

Result<DynamicSection> read_dynamic(ByteView file, const Elf64_Phdr& segment) {
  DynamicSection section;
  if (segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset) {
    return damaged("its dynamic section is behind its end");
  }
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = read_at<Elf64_Dyn>(file, segment.p_offset + at);
    if (!entry || entry->d_tag == DT_NULL) {
      break;
    }
    switch (entry->d_tag) {
    case DT_NEEDED:
      if (section.needed.size() == kMaxNeeded) {
        return damaged("it needs more than " + std::to_string(kMaxNeeded) + " libraries");
      }
      section.needed.push_back(entry->d_un.d_val);
      break;
    case DT_STRTAB:
      section.strings = entry->d_un.d_ptr;
      break;
    case DT_RUNPATH:
      section.run_path = entry->d_un.d_val;
      break;
    case DT_RPATH:
      section.old_run_path = entry->d_un.d_val;
      break;
    default:
      break;
    }
  }
  return section;
}

Result<> name_needs(ByteView file, const std::vector<Elf64_Phdr>& headers,
                    const DynamicSection& section, ElfNeeds& out) {
  const bool names_something = !section.needed.empty() || section.run_path || section.old_run_path;
  if (!names_something) {
    return {};
  }
  const auto strings = section.strings ? offset_of(headers, *section.strings) : std::nullopt;
  const auto name = [&](std::uint64_t offset) {
    return strings && offset < file.size() && *strings < file.size()
               ? string_at(file, *strings + offset)
               : std::nullopt;
  };
  for (const std::uint64_t offset : section.needed) {
    auto needed = name(offset);
    if (!needed) {
      return damaged("the name of a library is behind its end");
    }
    out.needed.push_back(*std::move(needed));
  }
  if (const auto path = section.run_path ? section.run_path : section.old_run_path) {
    auto text = name(*path);
    if (!text) {
      return damaged("its run path is behind its end");
    }
    out.run_path = *std::move(text);
    out.run_path_is_inherited = !section.run_path;
  }
  return {};
}

} // namespace

bool is_elf(ByteView file) noexcept {
  return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

Result<ElfNeeds> read_elf_needs(ByteView file) {
  const std::vector<Elf64_Phdr> headers = TRY(program_headers(file));
  ElfNeeds needs;
  bool has_dynamic = false;
  for (const Elf64_Phdr& one : headers) {
    if (one.p_type == PT_INTERP) {
      auto interpreter = string_at(file, one.p_offset);
      if (!interpreter) {
        return damaged("the name of its interpreter is behind its end");
      }
      needs.interpreter = *std::move(interpreter);
    } else if (one.p_type == PT_DYNAMIC) {
      if (std::exchange(has_dynamic, true)) {
        return damaged("it has two dynamic sections");
      }
      const DynamicSection section = TRY(read_dynamic(file, one));
      TRY(name_needs(file, headers, section, needs));
    }
  }
  return needs;
}

} // namespace schedrig::kvm
