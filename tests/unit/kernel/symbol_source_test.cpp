// SPDX-License-Identifier: MIT
// Where a kernel's symbols are, told from its vmlinux.
#include <gtest/gtest.h>

#include "host/kernel/symbol_source.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

SymbolSource source_of(const std::string& rodata) {
  return symbol_source(test::view(test::elf_file({{".rodata", rodata}})));
}

TEST(SymbolSource, a_builds_own_vmlinux_has_an_elf_symbol_table) {
  const std::string file = test::elf_file(
      {{".rodata", test::kallsyms_tokens(8)}, {".symtab", std::string(sizeof(Elf64_Sym), '\0')}});
  EXPECT_EQ(symbol_source(test::view(file)), SymbolSource::kElfSymbols);
}

TEST(SymbolSource, a_stripped_vmlinux_has_the_kernels_own_table) {
  for (const std::size_t alignment : {1U, 4U, 8U, 16U}) {
    EXPECT_EQ(source_of("before" + test::kallsyms_tokens(alignment)), SymbolSource::kKallsyms)
        << alignment;
  }
}

TEST(SymbolSource, an_empty_symbol_table_is_none) {
  const std::string file = test::elf_file({{".symtab", ""}});
  EXPECT_EQ(symbol_source(test::view(file)), SymbolSource::kGuestOnly);
}

TEST(SymbolSource, tables_of_characters_are_no_kallsyms) {
  std::string characters;
  for (int c = 0; c < 256; ++c) {
    characters += static_cast<char>(c);
    characters += '\0';
  }
  EXPECT_EQ(source_of(characters + characters), SymbolSource::kGuestOnly);
  EXPECT_EQ(source_of(characters + test::kallsyms_tokens(8)), SymbolSource::kKallsyms);
}

TEST(SymbolSource, offsets_that_do_not_fit_the_tokens_are_no_kallsyms) {
  std::string tokens = test::kallsyms_tokens(8);
  tokens[tokens.size() - 100] ^= 1;
  EXPECT_EQ(source_of(tokens), SymbolSource::kGuestOnly);
  const std::string whole = test::kallsyms_tokens(8);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_EQ(source_of(whole.substr(0, size)), SymbolSource::kGuestOnly) << size;
  }
}

TEST(SymbolSource, a_file_of_candidates_is_given_up_on) {
  std::string digits;
  while (digits.size() < (4U << 20U)) {
    digits += std::string("0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0", 20);
  }
  EXPECT_EQ(source_of(digits), SymbolSource::kGuestOnly);
}

} // namespace
} // namespace schedrig::kernel
