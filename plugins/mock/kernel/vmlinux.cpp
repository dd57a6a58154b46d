// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/vmlinux.hpp"

#include <cstring>
#include <vector>

#include <elf.h>

#include "plugins/mock/kernel/layout.hpp"

namespace schedrig::mock {
namespace {

template <class T> void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// Sections one behind the other, their table at the end.
class ElfFile {
 public:
  ElfFile() : file_(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), '\0'), sections_(1) {}

  // Returns where it lies in the file.
  std::uint64_t add(std::string_view name, std::uint32_t type, std::string_view content,
                    std::uint32_t link = 0, std::uint64_t entry_bytes = 0) {
    file_.resize((file_.size() + kAlignment - 1) / kAlignment * kAlignment);
    Elf64_Shdr header{};
    header.sh_name = static_cast<Elf64_Word>(names_.size());
    header.sh_type = type;
    header.sh_offset = file_.size();
    header.sh_size = content.size();
    header.sh_link = link;
    header.sh_entsize = entry_bytes;
    header.sh_addralign = kAlignment;
    sections_.push_back(header);
    names_.append(name).push_back('\0');
    file_ += content;
    return header.sh_offset;
  }
  [[nodiscard]] std::uint32_t next_section() const {
    return static_cast<std::uint32_t>(sections_.size());
  }

  std::string finish(const Elf64_Phdr& segment) {
    add(".shstrtab", SHT_STRTAB, ""); // its own name goes into it first
    sections_.back().sh_size = names_.size();
    file_ += names_;
    file_.resize((file_.size() + kAlignment - 1) / kAlignment * kAlignment);
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_shoff = file_.size();
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof segment;
    header.e_phnum = 1;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(sections_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(sections_.size() - 1);
    std::memcpy(file_.data(), &header, sizeof header);
    std::memcpy(file_.data() + sizeof header, &segment, sizeof segment);
    for (const Elf64_Shdr& section : sections_) {
      append(file_, section);
    }
    return std::move(file_);
  }

 private:
  static constexpr std::size_t kAlignment = 8;

  std::string file_;
  std::string names_ = std::string(1, '\0');
  std::vector<Elf64_Shdr> sections_;
};

class SymbolTable {
 public:
  void add(std::string_view name, std::uint64_t at, bool is_code) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(names_.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, is_code ? STT_FUNC : STT_OBJECT);
    symbol.st_shndx = 1;
    symbol.st_value = layout::kText + at;
    append(symbols_, symbol);
    names_.append(name).push_back('\0');
  }
  [[nodiscard]] const std::string& symbols() const { return symbols_; }
  [[nodiscard]] const std::string& names() const { return names_; }

 private:
  std::string symbols_ = std::string(sizeof(Elf64_Sym), '\0');
  std::string names_ = std::string(1, '\0');
};

} // namespace

std::string_view kernel_banner() {
  return "Linux version mock-" SCHEDRIG_VERSION " (schedrig simulated machine)\n";
}

std::string make_vmlinux(std::string_view btf) {
  SymbolTable table;
  for (const layout::Symbol& each : layout::kSymbols) {
    table.add(each.name, each.at, each.is_code);
  }
  for (std::size_t i = 0; i < layout::kFunctionNames.size(); ++i) {
    table.add(layout::kFunctionNames[i], layout::kFunctions + i * layout::kFunctionBytes, true);
  }
  ElfFile file;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R;
  segment.p_vaddr = layout::kText + layout::kBanner;
  segment.p_offset = file.add(".rodata", SHT_PROGBITS, kernel_banner());
  segment.p_filesz = segment.p_memsz = kernel_banner().size();
  file.add(".BTF", SHT_PROGBITS, btf);
  const std::uint32_t names = file.next_section() + 1;
  file.add(".symtab", SHT_SYMTAB, table.symbols(), names, sizeof(Elf64_Sym));
  file.add(".strtab", SHT_STRTAB, table.names());
  return file.finish(segment);
}

} // namespace schedrig::mock
