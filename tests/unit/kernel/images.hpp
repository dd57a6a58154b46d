// SPDX-License-Identifier: MIT
// Builders of small kernel images, ELF files and BTF blobs for tests, by the formats' documents.
// Thread: any.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <elf.h>

#include "host/kernel/bytes.hpp"

namespace schedrig::test {

inline kernel::ByteView view(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <class T> void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// An ELF file that has just these sections.
inline std::string elf_file(const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string names(1, '\0');
  std::string body;
  std::vector<Elf64_Shdr> headers(1);
  const auto add = [&](const std::string& name, const std::string& content) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<Elf64_Word>(names.size());
    header.sh_type = SHT_PROGBITS;
    header.sh_offset = sizeof(Elf64_Ehdr) + body.size();
    header.sh_size = content.size();
    names += name + '\0';
    body += content;
    headers.push_back(header);
  };
  for (const auto& [name, content] : sections) {
    add(name, content);
  }
  add(".shstrtab", ""); // its name goes into the table first
  headers.back().sh_size = names.size();
  body += names;
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shoff = sizeof header + body.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(headers.size());
  header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
  std::string file;
  append(file, header);
  file += body;
  for (const Elf64_Shdr& section : headers) {
    append(file, section);
  }
  return file;
}

// A bzImage with one setup sector whose payload is `payload` as it stands.
inline std::string bzimage(const std::string& version_text, const std::string& payload) {
  std::string image(1024, '\0');
  const auto put = [&]<class T>(std::size_t at, T value) {
    std::memcpy(image.data() + at, &value, sizeof value);
  };
  put(0x1f1, std::uint8_t{1});
  put(0x1fe, std::uint16_t{0xaa55});
  put(0x202, std::uint32_t{0x53726448});
  put(0x206, std::uint16_t{0x020f});
  put(0x20e, std::uint16_t{0x100}); // version text at 0x300
  put(0x248, std::uint32_t{16});
  put(0x24c, static_cast<std::uint32_t>(payload.size()));
  std::memcpy(image.data() + 0x300, version_text.data(), version_text.size());
  image += std::string(16, '\0') + payload;
  return image;
}

// The token table of a kallsyms and the offsets behind it, as scripts/kallsyms.c writes them: most
// bytes stand for themselves, some for a piece of a name, some for nothing.
inline std::string kallsyms_tokens(std::size_t alignment) {
  std::string table;
  std::string offsets;
  for (unsigned token = 0; token < 256; ++token) {
    append(offsets, static_cast<std::uint16_t>(table.size()));
    const bool is_itself = token >= '0' && token <= 'z';
    table += is_itself ? std::string(1, static_cast<char>(token)) : token % 3 == 0 ? "" : "sched_";
    table += '\0';
  }
  table.resize((table.size() + alignment - 1) / alignment * alignment);
  return table + offsets;
}

// BTF by Documentation/bpf/btf.rst: types are numbered from 1 in the order in which they are made.
class BtfBuilder {
 public:
  struct Member {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t bit_offset = 0;
    std::uint32_t bits = 0; // of a bit field
  };

  std::uint32_t structure(const std::string& name) { return type(name, 4U << 24U, 0); }
  std::uint32_t structure(const std::string& name, std::uint32_t bytes,
                          const std::vector<Member>& members, bool is_union = false) {
    constexpr std::uint32_t kHasBitFields = 1U << 31U;
    const auto made = type(name,
                           kHasBitFields | (is_union ? 5U << 24U : 4U << 24U) |
                               static_cast<std::uint32_t>(members.size()),
                           bytes);
    for (const Member& member : members) {
      append(types_, string(member.name));
      append(types_, member.type);
      append(types_, (member.bits << 24U) | member.bit_offset);
    }
    return made;
  }
  static constexpr std::uint32_t kSigned = 1;
  static constexpr std::uint32_t kBool = 4;
  std::uint32_t integer(const std::string& name, std::uint32_t bytes, std::uint32_t encoding = 0) {
    const auto made = type(name, 1U << 24U, bytes);
    append(types_, (encoding << 24U) | (bytes * 8));
    return made;
  }
  std::uint32_t enumeration(const std::string& name,
                            const std::vector<std::pair<std::string, std::int32_t>>& enumerators) {
    const auto made = type(name, (6U << 24U) | static_cast<std::uint32_t>(enumerators.size()), 4);
    for (const auto& [each, value] : enumerators) {
      append(types_, string(each));
      append(types_, value);
    }
    return made;
  }
  struct Variable {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };
  // A section (.bss) of global variables.
  std::uint32_t section(const std::string& name, std::uint32_t bytes,
                        const std::vector<Variable>& variables) {
    std::vector<std::uint32_t> made;
    for (const Variable& variable : variables) {
      made.push_back(type(variable.name, 14U << 24U, variable.type));
      append(types_, std::uint32_t{1}); // global
    }
    const auto all = type(name, (15U << 24U) | static_cast<std::uint32_t>(variables.size()), bytes);
    for (std::size_t i = 0; i < variables.size(); ++i) {
      append(types_, made[i]);
      append(types_, variables[i].offset);
      append(types_, variables[i].bytes);
    }
    return all;
  }
  std::uint32_t array(std::uint32_t of, std::uint32_t index, std::uint32_t elements) {
    const auto made = type("", 3U << 24U, 0);
    append(types_, of);
    append(types_, index);
    append(types_, elements);
    return made;
  }
  std::uint32_t alias(const std::string& name, std::uint32_t of) {
    return type(name, 8U << 24U, of);
  }
  std::uint32_t pointer(std::uint32_t to) { return type("", 2U << 24U, to); }
  std::uint32_t constant(std::uint32_t of) { return type("", 10U << 24U, of); }
  // A function whose parameters have these types; returns void.
  std::uint32_t function(const std::string& name, const std::vector<std::uint32_t>& parameters) {
    const auto proto = type("", (13U << 24U) | static_cast<std::uint32_t>(parameters.size()), 0);
    for (const std::uint32_t parameter : parameters) {
      append(types_, string("p"));
      append(types_, parameter);
    }
    return type(name, 12U << 24U, proto);
  }

  [[nodiscard]] std::string blob() const {
    std::string out;
    append(out, std::uint16_t{0xeb9f});
    append(out, std::uint8_t{1}); // version
    append(out, std::uint8_t{0}); // flags
    append(out, std::uint32_t{24});
    append(out, std::uint32_t{0});
    append(out, static_cast<std::uint32_t>(types_.size()));
    append(out, static_cast<std::uint32_t>(types_.size()));
    append(out, static_cast<std::uint32_t>(strings_.size()));
    return out + types_ + strings_;
  }

 private:
  std::uint32_t string(const std::string& text) {
    if (text.empty()) {
      return 0;
    }
    const auto at = static_cast<std::uint32_t>(strings_.size());
    strings_ += text + '\0';
    return at;
  }
  std::uint32_t type(const std::string& name, std::uint32_t info, std::uint32_t target) {
    append(types_, string(name));
    append(types_, info);
    append(types_, target);
    return ++count_;
  }

  std::string types_;
  std::string strings_ = std::string(1, '\0');
  std::uint32_t count_ = 0;
};

enum class Scx { kNone, kPlain, kBroken, kSplit };

// The BTF of a kernel of each kind that is in the field.
inline std::string btf_of(Scx kind) {
  BtfBuilder btf;
  const auto aux = btf.pointer(btf.constant(btf.structure("bpf_prog_aux")));
  if (kind == Scx::kNone) {
    return btf.blob();
  }
  btf.structure("sched_ext_ops");
  const auto other = btf.pointer(btf.structure("task_struct"));
  switch (kind) {
  case Scx::kPlain: // 6.18, 7.0
    btf.function("scx_bpf_create_dsq", {other, other});
    break;
  case Scx::kBroken: // 7.1.13, 7.2.12 of trixie-backports
    btf.function("scx_bpf_dsq_insert", {other, aux});
    btf.function("scx_bpf_dsq_insert_impl", {other, aux});
    btf.function("scx_bpf_aaa", {aux});
    btf.function("scx_bpf_create_dsq", {other, other, aux});
    btf.function("scx_bpf_zzz", {aux});
    break;
  default: // 7.2.13 of sid
    btf.function("scx_bpf_create_dsq", {other, other});
    btf.function("scx_bpf_create_dsq_impl", {other, other, aux});
  }
  return btf.blob();
}

// A vmlinux as a reader of sections sees it: BTF, and the two texts that begin like the banner.
inline std::string vmlinux_file(const std::string& version, Scx kind) {
  const std::string text = "Linux version " + version + " (builder@test) (gcc 14) #";
  return elf_file({{".rodata", std::string("Linux version %s\n") + '\0' + text + " SMP\n" + '\0' +
                                   text + "1 SMP\n" + '\0'},
                   {".BTF", btf_of(kind)}});
}

inline std::string kernel_image(const std::string& version, Scx kind) {
  return bzimage(version + " (builder@test) #1 SMP", elf_file({{".BTF", btf_of(kind)}}));
}

} // namespace schedrig::test
