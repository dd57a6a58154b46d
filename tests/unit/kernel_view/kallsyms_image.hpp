// SPDX-License-Identifier: MIT
// Builder of a vmlinux that carries a kallsyms, in each layout that kernels have had
// (scripts/kallsyms.c of Linux 6.1, 6.12 and 7.3). Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <elf.h>

#include "tests/unit/kernel/images.hpp"

namespace schedrig::test {

enum class KallsymsLayout {
  kOffsetsFirst, // 6.1: offsets and their base in front of the names
  kOffsetsLast,  // 6.4: behind the tokens
  kPerCpuApart,  // the same with CONFIG_KALLSYMS_ABSOLUTE_PERCPU
  kSelfRelative, // 7.3: each from its own place, no base
};

inline constexpr std::uint64_t kImageBase = 0xffff'ffff'8100'0000;

// Address and packed name, its type in front; byte 1 stands for "sched_".
using PackedSymbols = std::vector<std::pair<std::uint64_t, std::string>>;

class KallsymsImage {
 public:
  explicit KallsymsImage(KallsymsLayout layout) : layout_(layout) {}

  [[nodiscard]] std::string build(const PackedSymbols& symbols) {
    image_ = std::string(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), '\0');
    image_ += std::string(1000, 'x');
    if (layout_ == KallsymsLayout::kOffsetsFirst) {
      add_offsets(symbols);
    }
    add_names(symbols);
    align();
    image_ += kallsyms_tokens(8);
    if (layout_ != KallsymsLayout::kOffsetsFirst) {
      add_offsets(symbols);
    }
    image_ += std::string(100, 'y');
    add_headers();
    return image_;
  }

  [[nodiscard]] std::uint64_t names_at() const { return names_at_; }
  [[nodiscard]] std::uint64_t offsets_at() const { return offsets_at_; }

 private:
  void align() { image_.resize((image_.size() + 7) / 8 * 8); }

  void add_names(const PackedSymbols& symbols) {
    align();
    append(image_, static_cast<std::uint32_t>(symbols.size()));
    align();
    names_at_ = image_.size();
    std::vector<std::uint32_t> markers;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      if (i % 256 == 0) {
        markers.push_back(static_cast<std::uint32_t>(image_.size() - names_at_));
      }
      const std::string& name = symbols[i].second;
      if (name.size() > 0x7f) {
        image_ += static_cast<char>((name.size() & 0x7fU) | 0x80U);
        image_ += static_cast<char>(name.size() >> 7U);
      } else {
        image_ += static_cast<char>(name.size());
      }
      image_ += name;
    }
    align();
    for (const std::uint32_t marker : markers) {
      append(image_, marker);
    }
  }

  void add_offsets(const PackedSymbols& symbols) {
    align();
    offsets_at_ = image_.size();
    for (const auto& [address, name] : symbols) {
      std::uint64_t offset = address - kImageBase;
      if (layout_ == KallsymsLayout::kSelfRelative) {
        offset -= image_.size();
      } else if (layout_ == KallsymsLayout::kPerCpuApart) {
        offset = address < kImageBase ? address : kImageBase - 1 - address;
      }
      append(image_, static_cast<std::uint32_t>(offset));
    }
    if (layout_ != KallsymsLayout::kSelfRelative) {
      align();
      append(image_, kImageBase);
    }
  }

  // One segment: the whole file at kImageBase.
  void add_headers() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_vaddr = kImageBase;
    segment.p_filesz = image_.size();
    std::memcpy(image_.data(), &header, sizeof header);
    std::memcpy(image_.data() + sizeof header, &segment, sizeof segment);
  }

  KallsymsLayout layout_;
  std::string image_;
  std::uint64_t names_at_ = 0;
  std::uint64_t offsets_at_ = 0;
};

} // namespace schedrig::test
