// SPDX-License-Identifier: MIT
// BtfTypes: where the fields of a kernel's structures lie, by the kernel's own BTF
// (Documentation/bpf/btf.rst of Linux 6.18).
//
// A path is member names with dots between them, [n] behind one that is an array:
// "scx.flags", "cpumask.bits[0]". Members of anonymous structures and unions go by their own name.
// Pointers are not followed: a field is a place within its structure. A section of variables
// (.bss of a BPF object) is as a structure of them. Thread: any, one at a time.
// Ownership: copies the blob.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel/bytes.hpp"

namespace schedrig::json {
class Value;
}

namespace schedrig::kernel {

struct RenderOptions;

using TypeId = std::uint32_t; // 0: void

struct FieldPlace {
  std::uint64_t offset = 0; // bytes from the structure's start
  std::uint64_t bytes = 0;  // of the field; of its storage unit when it is a bit field
  std::uint32_t first_bit = 0;
  std::uint32_t bits = 0; // 0: no bit field
  std::string type;       // "u32", "struct list_head", "long unsigned int[4]"
  TypeId type_id = 0;
};

struct Enumerator {
  std::string name;
  std::int64_t value = 0;
};

class BtfTypes {
 public:
  // Errors: kBadData when libbpf cannot read it.
  [[nodiscard]] static Result<BtfTypes> read(ByteView btf);
  ~BtfTypes();
  BtfTypes(BtfTypes&& other) noexcept;
  BtfTypes& operator=(BtfTypes&& other) noexcept;

  // kNotFound: no such structure or union; the nearest name is in the help.
  [[nodiscard]] Result<std::uint64_t> size_of(std::string_view structure) const;
  // kBadData: a type that has no size, such as a function.
  [[nodiscard]] Result<std::uint64_t> size_of(TypeId type) const;
  // kNotFound: no such structure or union, as above. Looks through all types: once for each name.
  [[nodiscard]] Result<TypeId> structure(std::string_view name) const;
  // kNotFound: no such structure, or a member that it lacks, with the nearest there is;
  // kInvalidArgument: a path that cannot be read, an index outside its array, a dot behind what has
  // no members.
  [[nodiscard]] Result<FieldPlace> field(std::string_view structure, std::string_view path) const;
  [[nodiscard]] Result<FieldPlace> field(TypeId structure, std::string_view path) const;

  // What a pointer of the type leads to. kInvalidArgument: it is no pointer.
  [[nodiscard]] Result<TypeId> pointee(TypeId pointer) const;

  // A value of the type as JSON, see btf_render.hpp.
  [[nodiscard]] json::Value render(TypeId type, std::span<const std::uint8_t> bytes,
                                   const RenderOptions& options) const;
  // The names and values of an enumeration. kNotFound: there is none of the name.
  [[nodiscard]] Result<std::vector<Enumerator>> enumerators(std::string_view enumeration) const;

 private:
  class Impl;
  class Renderer;
  explicit BtfTypes(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace schedrig::kernel
