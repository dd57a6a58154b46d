// SPDX-License-Identifier: MIT
#include <string>

#include <elf.h>

#include "host/kernel/elf_sections.hpp"
#include "host/kernel_view/symbol_tables.hpp"

namespace schedrig::kernel_view {
namespace {

// As nm(1) says it; the kind of data is not told apart.
char type_of(const Elf64_Sym& symbol) {
  const bool local = ELF64_ST_BIND(symbol.st_info) == STB_LOCAL;
  if (symbol.st_shndx == SHN_ABS) {
    return local ? 'a' : 'A';
  }
  const bool code = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
  return code ? (local ? 't' : 'T') : (local ? 'd' : 'D');
}

bool names_a_place(const Elf64_Sym& symbol) {
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  return symbol.st_shndx != SHN_UNDEF && type != STT_FILE && type != STT_SECTION;
}

} // namespace

Result<Symbols> read_elf_symbols(kernel::ByteView vmlinux) {
  const kernel::ByteView table = TRY(kernel::elf_section(vmlinux, ".symtab"));
  const kernel::ByteView strings = TRY(kernel::elf_section(vmlinux, ".strtab"));
  const std::string_view names(reinterpret_cast<const char*>(strings.data()), strings.size());
  const std::uint64_t count = table.size() / sizeof(Elf64_Sym);
  if (count == 0) {
    return fail(StatusCode::kNotFound, "the symbol table of the vmlinux is empty");
  }
  if (count > kMaxSymbols) {
    return fail(StatusCode::kBadData, "a vmlinux with " + std::to_string(count) +
                                          " symbols, over " + std::to_string(kMaxSymbols));
  }
  Symbols symbols;
  for (std::uint64_t i = 0; i < count; ++i) {
    Elf64_Sym symbol{};
    kernel::read_at(table, i * sizeof symbol, symbol);
    if (!names_a_place(symbol)) {
      continue;
    }
    const std::size_t end =
        symbol.st_name < names.size() ? names.find('\0', symbol.st_name) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return fail(StatusCode::kBadData,
                  "symbol " + std::to_string(i) + " of the vmlinux has its name outside .strtab");
    }
    if (end > symbol.st_name) {
      symbols.add(symbol.st_value, type_of(symbol),
                  names.substr(symbol.st_name, end - symbol.st_name));
    }
  }
  symbols.finish();
  return symbols;
}

Result<Symbols> read_symbols(kernel::ByteView vmlinux) {
  auto symbols = read_elf_symbols(vmlinux);
  if (symbols || symbols.error().code != StatusCode::kNotFound) {
    return symbols;
  }
  return read_image_kallsyms(vmlinux);
}

} // namespace schedrig::kernel_view
