// SPDX-License-Identifier: MIT
// Where the bytes of an ELF file are loaded to, by its PT_LOAD program headers. Thread: any.
#pragma once

#include <cstdint>
#include <optional>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

// The virtual address of the byte at `offset` of a 64-bit little-endian ELF file. Nothing: it is
// not such a file, or the byte is in no segment.
std::optional<std::uint64_t> address_of_offset(ByteView file, std::uint64_t offset);

// The other way round; inside the file. Nothing also where a segment has no bytes in the file.
std::optional<std::uint64_t> offset_of_address(ByteView file, std::uint64_t address);

} // namespace schedrig::kernel
