// SPDX-License-Identifier: MIT
// Implementation: a section, or the token table that every kallsyms has.
#include "host/kernel/symbol_source.hpp"

#include "host/kernel/elf_sections.hpp"
#include "host/kernel/kallsyms_tokens.hpp"

namespace schedrig::kernel {

const char* to_string(SymbolSource source) {
  switch (source) {
  case SymbolSource::kElfSymbols:
    return "symtab";
  case SymbolSource::kKallsyms:
    return "kallsyms";
  case SymbolSource::kGuestOnly:
    break;
  }
  return "guest";
}

SymbolSource symbol_source(ByteView vmlinux) {
  if (const auto symbols = elf_section(vmlinux, ".symtab"); symbols && !symbols->empty()) {
    return SymbolSource::kElfSymbols;
  }
  return find_kallsyms_tokens(vmlinux) ? SymbolSource::kKallsyms : SymbolSource::kGuestOnly;
}

} // namespace schedrig::kernel
