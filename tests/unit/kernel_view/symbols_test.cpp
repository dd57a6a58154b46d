// SPDX-License-Identifier: MIT
// Symbols by name and by address, and the readers of ELF symbol tables and of /proc/kallsyms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/symbol_tables.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel_view {
namespace {

using testing::HasSubstr;

Symbols made() {
  Symbols symbols;
  symbols.add(0x3000, 'D', "init_task");
  symbols.add(0x1000, 't', "alias");
  symbols.add(0x1000, 'T', "_text");
  symbols.add(0x2000, 't', "helper");
  symbols.add(0x2800, 't', "helper");
  symbols.add(0x4000, 'd', "twice");
  symbols.add(0x4000, 'd', "twice");
  symbols.add(0x5000, 'T', "shadowed");
  symbols.add(0x5800, 't', "shadowed");
  symbols.finish();
  return symbols;
}

TEST(Symbols, a_name_has_its_address) {
  EXPECT_EQ(made().address_of("init_task").value(), 0x3000U);
  EXPECT_EQ(made().address_of("twice").value(), 0x4000U);
}

TEST(Symbols, the_global_one_wins_over_local_ones) {
  EXPECT_EQ(made().address_of("shadowed").value(), 0x5000U);
}

TEST(Symbols, an_unknown_name_is_told_with_the_nearest) {
  const auto unknown = made().address_of("init_tsk");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, StatusCode::kNotFound);
  EXPECT_THAT(unknown.error().help, HasSubstr("init_task"));
}

TEST(Symbols, several_of_one_name_are_not_chosen_from) {
  const auto several = made().address_of("helper");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, StatusCode::kInvalidArgument);
  EXPECT_THAT(several.error().message, HasSubstr("2 symbols of the kernel are named"));
}

TEST(Symbols, an_address_has_the_symbol_before_it) {
  const Symbols symbols = made();
  EXPECT_FALSE(symbols.place_of(0xfff));
  EXPECT_EQ(symbols.place_of(0x1000)->name, "_text"); // not the local alias
  EXPECT_EQ(symbols.place_of(0x2fff)->name, "helper");
  EXPECT_EQ(symbols.place_of(0x2fff)->offset, 0x7ffU);
  EXPECT_EQ(symbols.place_of(~0ULL)->name, "shadowed");
}

TEST(ProcKallsyms, has_the_kernels_symbols_and_not_those_of_modules) {
  const auto symbols = read_proc_kallsyms("ffffffff81000000 T _text\nffffffff81000010 t a.b\n"
                                          "ffffffffc0000000 t kvm_init\t[kvm]\n");
  ASSERT_TRUE(symbols) << symbols.error().message;
  EXPECT_EQ(symbols->size(), 2U);
  EXPECT_EQ(symbols->address_of("a.b").value(), 0xffff'ffff'8100'0010U);
}

TEST(ProcKallsyms, hidden_addresses_are_told) {
  const auto symbols = read_proc_kallsyms("0000000000000000 T _text\n");
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().code, StatusCode::kUnsupported);
  EXPECT_FALSE(read_proc_kallsyms(""));
}

TEST(ProcKallsyms, other_lines_are_refused) {
  for (const char* text : {"x T _text\n", "ffffffff81000000\n", "ffffffff81000000 T\n",
                           "ffffffff81000000 T_text\n", "\n", "fffffffffffffffff T _text\n"}) {
    const auto symbols = read_proc_kallsyms(text);
    ASSERT_FALSE(symbols) << text;
    EXPECT_EQ(symbols.error().code, StatusCode::kBadData) << text;
  }
}

std::string symbol_table(const std::vector<Elf64_Sym>& symbols) {
  std::string table;
  for (const Elf64_Sym& symbol : symbols) {
    test::append(table, symbol);
  }
  return table;
}

constexpr Elf64_Sym kMain = {.st_name = 1,
                             .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                             .st_other = 0,
                             .st_shndx = 1,
                             .st_value = 0x1000,
                             .st_size = 16};

TEST(ElfSymbols, places_are_symbols_and_files_and_sections_are_not) {
  Elf64_Sym data = kMain;
  data.st_name = 6;
  data.st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT);
  data.st_value = 0x2000;
  Elf64_Sym file = kMain;
  file.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FILE);
  Elf64_Sym undefined = kMain;
  undefined.st_shndx = SHN_UNDEF;
  const auto symbols = read_symbols(
      test::view(test::elf_file({{".symtab", symbol_table({{}, kMain, data, file, undefined})},
                                 {".strtab", std::string("\0main\0word\0", 11)}})));
  ASSERT_TRUE(symbols) << symbols.error().message;
  ASSERT_EQ(symbols->size(), 2U);
  EXPECT_EQ(symbols->at(0).type, 'T');
  EXPECT_EQ(symbols->at(1).type, 'd');
  EXPECT_EQ(symbols->address_of("word").value(), 0x2000U);
}

TEST(ElfSymbols, a_name_outside_the_strings_is_an_error) {
  for (const std::string& strings : {std::string("\0main", 5), std::string()}) {
    const auto symbols = read_elf_symbols(
        test::view(test::elf_file({{".symtab", symbol_table({kMain})}, {".strtab", strings}})));
    ASSERT_FALSE(symbols);
    EXPECT_EQ(symbols.error().code, StatusCode::kBadData);
  }
}

} // namespace
} // namespace schedrig::kernel_view
