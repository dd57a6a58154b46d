// SPDX-License-Identifier: MIT
// Lines of "ffffffff81000000 T _text", those of modules with "\t[module]" behind them
// (s_show, kernel/kallsyms.c of Linux 6.18).
#include <charconv>
#include <string>

#include "host/kernel_view/symbol_tables.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {

Result<Symbols> read_proc_kallsyms(std::string_view text) {
  Symbols symbols;
  bool seen = false; // an address that is not hidden
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::uint64_t address = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
    const std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
    if (error != std::errc() || rest.size() < 4 || rest[0] != ' ' || rest[2] != ' ') {
      return fail(StatusCode::kBadData,
                  "a line of kallsyms reads " + text::quote(line.substr(0, 80)));
    }
    const std::string_view name = rest.substr(3);
    if (name.find('\t') != std::string_view::npos) {
      continue;
    }
    if (symbols.size() == kMaxSymbols) {
      return fail(StatusCode::kBadData,
                  "kallsyms has over " + std::to_string(kMaxSymbols) + " lines");
    }
    seen = seen || address != 0;
    symbols.add(address, rest[1], name);
  }
  if (!seen) {
    return fail(StatusCode::kUnsupported, "kallsyms shows no addresses",
                "the reader needs CAP_SYSLOG, and kernel.kptr_restrict must not be 2");
  }
  symbols.finish();
  return symbols;
}

} // namespace schedrig::kernel_view
