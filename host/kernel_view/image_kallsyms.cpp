// SPDX-License-Identifier: MIT
// The symbol table in a kernel's image, whose parts have no names there, as scripts/kallsyms.c lays
// them out:
//   6.1:   offsets, relative_base, num_syms, names, markers, token_table, token_index
//   6.4:   num_syms, names, markers, token_table, token_index, offsets, relative_base
//   7.3:   the same without relative_base: each offset counts from its own place
// Some versions have the symbols' order by name (seqs_of_names) behind markers or offsets. The
// token table is found by its content; num_syms before it by a walk over that many names, proved by
// the markers, which say where each 256th name begins; the addresses by which reading of the
// offsets ascends.
#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "host/kernel/elf_segments.hpp"
#include "host/kernel/kallsyms_tokens.hpp"
#include "host/kernel_view/symbol_tables.hpp"

namespace schedrig::kernel_view {
namespace {

using kernel::ByteView;
using kernel::KallsymsTokens;
using kernel::read_at;

constexpr std::uint32_t kMinSymbols = 256;      // so that there is a marker to prove
constexpr std::uint64_t kMaxNames = 64U << 20U; // bytes of packed names
constexpr std::size_t kMaxNameSize = 512;       // KSYM_NAME_LEN, include/linux/kallsyms.h
// Of the parts: .balign 4 or 8.
constexpr std::uint64_t kAlignment = 4;
constexpr std::uint64_t kWideAlignment = 8;
// Where the kernel's code is linked to: __START_KERNEL_map, asm/page_64_types.h.
constexpr std::uint64_t kKernelMap = 0xffff'ffff'8000'0000;
constexpr std::uint64_t kPageBytes = 4096;

struct Names {
  std::uint64_t count_at = 0;      // of num_syms
  std::vector<std::uint64_t> at;   // of each symbol's first token
  std::vector<std::uint16_t> size; // in tokens
};

std::uint64_t aligned(std::uint64_t at, std::uint64_t alignment) {
  return (at + alignment - 1) / alignment * alignment;
}

// "Tstart_kernel": type and name. Nothing: longer than any name.
bool decode(ByteView image, const KallsymsTokens& tokens, std::uint64_t at, std::uint16_t size,
            std::string& into) {
  into.clear();
  for (std::uint16_t i = 0; i < size; ++i) {
    into += tokens.text.at(std::to_integer<std::uint8_t>(image[at + i]));
    if (into.size() > kMaxNameSize) {
      return false;
    }
  }
  return into.size() > 1;
}

bool is_name(std::string_view text) {
  return std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::ranges::all_of(text.substr(1), [](char c) { return c > ' ' && c < 0x7f; });
}

// A length of one byte, or of two from 128 tokens on; false: there is none before `end`.
bool next_length(ByteView image, std::uint64_t end, std::uint64_t& at, std::uint16_t& size) {
  std::uint8_t byte = 0;
  if (at >= end || !read_at(image, at++, byte)) {
    return false;
  }
  size = byte & 0x7fU;
  if ((byte & 0x80U) != 0) {
    if (at >= end || !read_at(image, at++, byte)) {
      return false;
    }
    size = static_cast<std::uint16_t>(size | (std::uint16_t{byte} << 7U));
  }
  return size != 0 && at + size <= end;
}

bool markers_fit(ByteView image, const Names& names, std::uint64_t names_at, std::uint64_t at) {
  for (std::size_t i = 0; i < names.at.size(); i += 256) {
    std::uint32_t marker = 0;
    // A marker counts to the length in front of the name.
    const std::uint64_t length_bytes = names.size[i] > 0x7f ? 2 : 1;
    if (!read_at(image, at + i / 256 * sizeof marker, marker) ||
        marker != names.at[i] - length_bytes - names_at) {
      return false;
    }
  }
  return true;
}

// The names that begin at `names_at`, if there are `count` of them, with their markers.
std::optional<Names> names_at(ByteView image, const KallsymsTokens& tokens, std::uint64_t count_at,
                              std::uint64_t names_at, std::uint32_t count, std::string& scratch) {
  Names names{.count_at = count_at, .at = {}, .size = {}};
  std::uint64_t at = names_at;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t size = 0;
    if (!next_length(image, tokens.table_at, at, size)) {
      return std::nullopt;
    }
    // What lies at most places is no name, which the first tell.
    constexpr std::uint32_t kLooked = 8;
    if (i < kLooked && (!decode(image, tokens, at, size, scratch) || !is_name(scratch))) {
      return std::nullopt;
    }
    names.at.push_back(at);
    names.size.push_back(size);
    at += size;
  }
  for (const std::uint64_t alignment : {kAlignment, kWideAlignment}) {
    if (markers_fit(image, names, names_at, aligned(at, alignment))) {
      return names;
    }
  }
  return std::nullopt;
}

std::optional<Names> find_names(ByteView image, const KallsymsTokens& tokens) {
  const std::uint64_t last = tokens.table_at / kAlignment * kAlignment;
  const std::uint64_t lowest = last > kMaxNames ? last - kMaxNames : 0;
  std::string scratch;
  for (std::uint64_t at = last; at >= lowest + kAlignment; at -= kAlignment) {
    const std::uint64_t count_at = at - kAlignment;
    std::uint32_t count = 0;
    if (!read_at(image, count_at, count) || count < kMinSymbols || count > kMaxSymbols) {
      continue;
    }
    for (const std::uint64_t gap : {kAlignment, kWideAlignment}) {
      if (auto names = names_at(image, tokens, count_at, count_at + gap, count, scratch)) {
        return names;
      }
    }
  }
  return std::nullopt;
}

using Addresses = std::vector<std::uint64_t>;

// Addresses of a kernel as a table has them: they ascend, and end in the kernel's map.
bool are_addresses(const Addresses& addresses) {
  return !addresses.empty() && std::ranges::is_sorted(addresses) && addresses.back() >= kKernelMap;
}

bool read_offsets(ByteView image, std::uint64_t at, std::size_t count,
                  std::vector<std::int32_t>& offsets) {
  if (!kernel::inside(image, at, count * sizeof(std::int32_t))) {
    return false;
  }
  offsets.resize(count);
  std::memcpy(offsets.data(), image.data() + at, count * sizeof(std::int32_t));
  return true;
}

// Of 7.3: the difference to the offset's own place.
std::optional<Addresses> self_relative(std::uint64_t place,
                                       const std::vector<std::int32_t>& offsets) {
  Addresses addresses(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    addresses[i] =
        place + i * sizeof(std::int32_t) + static_cast<std::uint64_t>(std::int64_t{offsets[i]});
  }
  return are_addresses(addresses) ? std::optional(std::move(addresses)) : std::nullopt;
}

// Before: the difference to relative_base. With CONFIG_KALLSYMS_ABSOLUTE_PERCPU it is negative, and
// what is not is an absolute value: a per-CPU symbol (kallsyms_sym_address, kernel/kallsyms.c of
// Linux 6.12).
std::optional<Addresses> base_relative(std::uint64_t base,
                                       const std::vector<std::int32_t>& offsets) {
  if (base < kKernelMap || base % kPageBytes != 0) {
    return std::nullopt;
  }
  const auto negative =
      static_cast<std::size_t>(std::ranges::count_if(offsets, [](auto o) { return o < 0; }));
  const bool absolute_percpu = negative > offsets.size() / 2;
  Addresses addresses(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const std::int64_t offset = offsets[i];
    addresses[i] = !absolute_percpu ? base + static_cast<std::uint32_t>(offsets[i])
                   : offset < 0     ? base - 1 + static_cast<std::uint64_t>(-offset)
                                    : static_cast<std::uint64_t>(offset);
  }
  return are_addresses(addresses) ? std::optional(std::move(addresses)) : std::nullopt;
}

std::optional<Addresses> find_addresses(ByteView image, const KallsymsTokens& tokens,
                                        const Names& names) {
  const std::size_t count = names.at.size();
  const std::uint64_t bytes = count * sizeof(std::int32_t);
  std::vector<std::int32_t> offsets;
  for (const std::uint64_t alignment : {kAlignment, kWideAlignment}) {
    const std::uint64_t at = aligned(tokens.index_end, alignment);
    if (!read_offsets(image, at, count, offsets)) {
      continue;
    }
    // First, for such offsets ascend as others, too; what lies behind others is no such base.
    std::uint64_t base = 0;
    if (read_at(image, aligned(at + bytes, kWideAlignment), base)) {
      if (auto addresses = base_relative(base, offsets)) {
        return addresses;
      }
    }
    if (const auto place = kernel::address_of_offset(image, at)) {
      if (auto addresses = self_relative(*place, offsets)) {
        return addresses;
      }
    }
  }
  // In front of num_syms: the base, and before it the offsets, with padding to its alignment.
  const std::uint64_t base_at = names.count_at - sizeof(std::uint64_t);
  std::uint64_t base = 0;
  if (names.count_at < sizeof base + bytes + kWideAlignment || !read_at(image, base_at, base)) {
    return std::nullopt;
  }
  for (const std::uint64_t padding : {std::uint64_t{0}, kAlignment}) {
    if (read_offsets(image, base_at - padding - bytes, count, offsets)) {
      if (auto addresses = base_relative(base, offsets)) {
        return addresses;
      }
    }
  }
  return std::nullopt;
}

} // namespace

Result<Symbols> read_image_kallsyms(ByteView vmlinux) {
  const auto tokens = kernel::find_kallsyms_tokens(vmlinux);
  if (!tokens) {
    return fail(StatusCode::kNotFound, "the kernel image has no kallsyms");
  }
  const auto names = find_names(vmlinux, *tokens);
  if (!names) {
    return fail(StatusCode::kBadData, "the names of the kernel image's kallsyms are not where any "
                                      "known kernel has them");
  }
  const auto addresses = find_addresses(vmlinux, *tokens, *names);
  if (!addresses) {
    return fail(StatusCode::kBadData, "the addresses of the kernel image's kallsyms are not where "
                                      "any known kernel has them");
  }
  Symbols symbols;
  std::string text;
  for (std::size_t i = 0; i < names->at.size(); ++i) {
    if (!decode(vmlinux, *tokens, names->at[i], names->size[i], text)) {
      return fail(StatusCode::kBadData,
                  "symbol " + std::to_string(i) + " of the kernel image's kallsyms has no name");
    }
    symbols.add((*addresses)[i], text[0], std::string_view(text).substr(1));
  }
  symbols.finish();
  return symbols;
}

} // namespace schedrig::kernel_view
