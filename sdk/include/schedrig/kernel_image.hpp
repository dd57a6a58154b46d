// SPDX-License-Identifier: MIT
// The kernel facet: a machine whose kernel is the backend's own gives the image that the host looks
// into: names, types and banner, as a vmlinux has them. Backends that run an image which they were
// given need it not: the host has that image.
//
// Types are encoded by the host (BTF: Documentation/bpf/btf.rst of Linux 6.18), from a table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

enum class BtfKind : std::uint32_t {
  kInteger = 0, // unsigned
  kSigned,
  kChar,
  kPointer, // of 8 bytes; type 0: to nothing known
  kArray,
  kStruct,
  kEnum,
  kVariable, // global
  kSection,  // of variables, as .bss of a BPF object
};

// Of a structure: a field; of a section: a variable, by its type; of an enumeration: a value.
struct BtfMember {
  std::string_view name = {}; // not of a section's
  std::uint32_t type = 0;     // not of an enumeration's
  std::uint32_t value = 0;    // bytes from the start; of an enumeration its number
};

// Types go by number: the first of a table is 1, and an integer, by which arrays are indexed. One
// may name others that come behind it; a section's variables come before it.
struct BtfType {
  BtfKind kind = BtfKind::kInteger;
  std::uint32_t bytes = 0; // of integers, structures, enumerations, sections
  std::string_view name = {};
  std::uint32_t type = 0;  // kPointer, kArray, kVariable: of what
  std::uint32_t count = 0; // kArray: of elements
  std::span<const BtfMember> members = {};
};

class BytesSink {
 public:
  virtual void on_bytes(std::span<const std::uint8_t> bytes) noexcept = 0;

 protected:
  ~BytesSink() = default;
};

// The host's.
class BtfEncoder {
 public:
  // [host-thread] One blob to the sink. kInvalidArgument: a type that cannot be, named.
  virtual Status encode(std::span<const BtfType> types, BytesSink& sink) noexcept = 0;

 protected:
  ~BtfEncoder() = default;
};

class KernelFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.kernel/1";

  // [host-thread] An ELF file with the symbols (.symtab), the types (.BTF) and, in a segment, the
  // banner at linux_banner. The same for the machine's whole life, and for machines that start from
  // a copy of it. The encoder outlives the machine.
  virtual Status vmlinux(BtfEncoder& encoder, BytesSink& sink) noexcept = 0;

 protected:
  ~KernelFacet() = default;
};

} // namespace schedrig
