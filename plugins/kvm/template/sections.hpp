// SPDX-License-Identifier: MIT
// Sections: a file of typed pieces, each with its length and CRC, in ascending order of type, once
// each. Knows no content.
//
// Header, 24 bytes, little-endian: magic u64, format version u32, number of sections u32, length of
// the whole file u64. Then for each section: CRC-32 of everything of it that follows u32, type u32,
// length of the payload u64, payload. The header has no CRC: each of its fields is checked against
// what the file is. Errors: kBadData, naming the section. Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// "SRTMPLT" and a byte that no text file has.
inline constexpr std::uint64_t kSectionsMagic = 0x8a544c504d545253ULL;
// Of this header and of all sections' contents: any change of either is another version.
inline constexpr std::uint32_t kSectionsVersion = 1;
// A machine of 64 vCPUs has 2 MiB of state, its memory of 512 GiB 4 MiB of checksums.
inline constexpr std::uint64_t kMaxSectionsBytes = 32ULL << 20;

using Sections = std::map<std::uint32_t, Bytes>;        // by type
using SectionViews = std::map<std::uint32_t, ByteView>; // into the bytes that were read

[[nodiscard]] Bytes write_sections(const Sections& sections);
[[nodiscard]] Result<SectionViews> read_sections(ByteView file);

} // namespace schedrig::kvm
