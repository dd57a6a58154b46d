// SPDX-License-Identifier: MIT
// The token table of the symbol table that a kernel carries for itself, found in its image.
//
// kallsyms packs names into bytes that stand for tokens. kallsyms_token_table holds the 256 tokens,
// each with a zero behind it; kallsyms_token_index, next to it, the offsets of the tokens as u16
// (scripts/kallsyms.c of Linux 6.18). Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

struct KallsymsTokens {
  std::array<std::string_view, 256> text; // by byte; views of the image
  std::uint64_t table_at = 0;             // offsets in the image: of kallsyms_token_table
  std::uint64_t index_end = 0;            // behind kallsyms_token_index
};

// Nothing: there is no such table, or a damaged one.
std::optional<KallsymsTokens> find_kallsyms_tokens(ByteView image);

} // namespace schedrig::kernel
