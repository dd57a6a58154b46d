// SPDX-License-Identifier: MIT
#include "scx_loader/object_image.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include <elf.h>

namespace schedrig::scx {
namespace {

constexpr Elf64_Half kElfMachineBpf = 247; // EM_BPF, linux/elf-em.h
constexpr char kInItsPlace = 'S';          // ".struct_ops" becomes ".Struct_ops"

class Parser {
 public:
  Parser(ObjectImage& image, const std::string& path)
      : image_(image), bytes_(image.bytes), path_(path) {}

  Result<> parse() {
    TRY(read_header());
    std::vector<OpsSection>& found = image_.ops;
    for (std::size_t i = 0; i < header_.e_shnum; ++i) {
      const Elf64_Shdr section = TRY(section_at(i));
      const std::string name = TRY(text_at(names_, section.sh_name));
      if (section.sh_type == SHT_PROGBITS && is_ops(name)) {
        OpsSection& ops = found.emplace_back();
        ops.name = name;
        ops.data = TRY(content_of(section));
        TRY(read_pointers(i, ops));
      } else if (section.sh_type == SHT_PROGBITS && name == ".BTF") {
        TRY(content_of(section)); // is inside
        image_.btf = {section.sh_offset, section.sh_size};
        image_.name_tables.push_back(image_.btf);
      } else if (section.sh_type == SHT_SYMTAB) {
        TRY(read_externs(section));
      }
    }
    for (OpsSection& ops : found) {
      TRY(rename(ops));
    }
    return {};
  }

 private:
  static bool is_ops(std::string_view name) {
    return name == ".struct_ops" || name == ".struct_ops.link";
  }

  [[nodiscard]] std::unexpected<Error> damaged(std::string_view what) const {
    return fail(StatusCode::kBadData, path_ + ": damaged ELF file: " + std::string(what));
  }

  template <class T> [[nodiscard]] std::optional<T> get(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  Result<> read_header() {
    const auto header = get<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
      return fail(StatusCode::kBadData, path_ + " is no ELF file",
                  "an object is what clang -target bpf -g -c makes");
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_type != ET_REL || header->e_machine != kElfMachineBpf) {
      return fail(StatusCode::kUnsupported, path_ + " is no BPF object for little-endian machines",
                  "an object is what clang -target bpf -g -c makes");
    }
    header_ = *header;
    names_ = TRY(section_at(header_.e_shstrndx));
    return {};
  }

  [[nodiscard]] Result<Elf64_Shdr> section_at(std::size_t index) const {
    const auto section = get<Elf64_Shdr>(header_.e_shoff + index * sizeof(Elf64_Shdr));
    if (index >= header_.e_shnum || header_.e_shentsize != sizeof(Elf64_Shdr) || !section) {
      return damaged("section header " + std::to_string(index));
    }
    return *section;
  }

  [[nodiscard]] Result<std::string> content_of(const Elf64_Shdr& section) const {
    if (section.sh_offset > bytes_.size() || section.sh_size > bytes_.size() - section.sh_offset) {
      return damaged("a section lies outside");
    }
    return bytes_.substr(section.sh_offset, section.sh_size);
  }

  [[nodiscard]] Result<std::string> text_at(const Elf64_Shdr& strings, std::uint32_t at) const {
    const std::string texts = TRY(content_of(strings));
    const std::size_t end = at < texts.size() ? texts.find('\0', at) : std::string::npos;
    if (end == std::string::npos) {
      return damaged("a name lies outside");
    }
    return texts.substr(at, end - at);
  }

  Result<> read_pointers(std::size_t of, OpsSection& ops) {
    for (std::size_t i = 0; i < header_.e_shnum; ++i) {
      const Elf64_Shdr section = TRY(section_at(i));
      if (section.sh_type != SHT_REL || section.sh_info != of) {
        continue;
      }
      const Elf64_Shdr symbols = TRY(section_at(section.sh_link));
      const Elf64_Shdr strings = TRY(section_at(symbols.sh_link));
      TRY(content_of(section)); // is inside
      for (std::uint64_t at = 0; at + sizeof(Elf64_Rel) <= section.sh_size;
           at += sizeof(Elf64_Rel)) {
        const auto relocation = get<Elf64_Rel>(section.sh_offset + at);
        if (!relocation) {
          return damaged("a relocation lies outside");
        }
        const auto symbol =
            get<Elf64_Sym>(symbols.sh_offset + ELF64_R_SYM(relocation->r_info) * sizeof(Elf64_Sym));
        if (!symbol) {
          return damaged("a symbol lies outside");
        }
        ops.pointers.push_back({relocation->r_offset, TRY(text_at(strings, symbol->st_name))});
      }
    }
    return {};
  }

  Result<> read_externs(const Elf64_Shdr& symbols) {
    const Elf64_Shdr strings = TRY(section_at(symbols.sh_link));
    TRY(content_of(symbols)); // is inside
    TRY(content_of(strings));
    image_.name_tables.push_back({strings.sh_offset, strings.sh_size});
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = get<Elf64_Sym>(symbols.sh_offset + at);
      if (!symbol) {
        return damaged("a symbol lies outside");
      }
      if (symbol->st_shndx == SHN_UNDEF && symbol->st_name != 0) {
        image_.externs.push_back(
            {TRY(text_at(strings, symbol->st_name)), ELF64_ST_BIND(symbol->st_info) == STB_WEAK});
      }
    }
    return {};
  }

  // In the table of section names and in the strings of the BTF: each ends in a zero byte.
  Result<> rename(OpsSection& ops) {
    for (std::size_t i = 0; i < header_.e_shnum; ++i) {
      const Elf64_Shdr section = TRY(section_at(i));
      if (i == header_.e_shstrndx || text_at(names_, section.sh_name) == ".BTF") {
        TRY(rename_in(section, ops.name + '\0'));
      }
    }
    ops.name[1] = kInItsPlace;
    return {};
  }

  Result<> rename_in(const Elf64_Shdr& section, const std::string& name) {
    const std::string content = TRY(content_of(section));
    for (std::size_t at = content.find(name); at != std::string::npos;
         at = content.find(name, at + 1)) {
      bytes_[section.sh_offset + at + 1] = kInItsPlace;
    }
    return {};
  }

  ObjectImage& image_;
  std::string& bytes_; // the image's
  const std::string& path_;
  Elf64_Ehdr header_{};
  Elf64_Shdr names_{};
};

} // namespace

Result<ObjectImage> parse_object(std::string bytes, const std::string& path) {
  ObjectImage image;
  image.bytes = std::move(bytes);
  TRY(Parser(image, path).parse());
  return image;
}

Result<ObjectImage> read_object(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return fail_errno(errno, "open " + path);
  }
  const auto size = static_cast<std::uint64_t>(file.tellg());
  if (size > kMaxObjectBytes) {
    return fail(StatusCode::kUnsupported,
                path + " has " + std::to_string(size) + " bytes, more than any BPF object");
  }
  std::string bytes(size, '\0');
  if (!file.seekg(0).read(bytes.data(), static_cast<std::streamsize>(size))) {
    return fail(StatusCode::kOs, "read " + path + " failed");
  }
  return parse_object(std::move(bytes), path);
}

} // namespace schedrig::scx
