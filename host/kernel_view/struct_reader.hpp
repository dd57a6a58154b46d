// SPDX-License-Identifier: MIT
// StructReader: reads fields of one kind of structure in the kernel's memory, by the names and
// places that the kernel's types give. Each field is looked up once.
//
// Kernels rename and move fields: `has` asks whether this one has one of the name. Borrows memory
// and types. Thread: host, one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/kernel/btf_types.hpp"
#include "host/kernel_view/kernel_memory.hpp"

namespace schedrig::kernel_view {

class StructReader {
 public:
  // kNotFound: the kernel has no such structure.
  [[nodiscard]] static Result<StructReader>
  of(const kernel::BtfTypes& types, const KernelMemory& memory, std::string_view structure);

  // Errors of all: as BtfTypes::field; KernelMemory::read's with structure, address and field.
  [[nodiscard]] Result<kernel::FieldPlace> place(std::string_view path);
  [[nodiscard]] bool has(std::string_view path) { return place(path).has_value(); }
  // kNotFound: no field of these. The name that this kernel has, of those that kernels have given
  // it.
  [[nodiscard]] Result<std::string_view> first_of(std::initializer_list<std::string_view> paths);
  // An integer, an enumeration or a pointer of at most 8 bytes; of a bit field its bits.
  [[nodiscard]] Result<std::uint64_t> number(std::uint64_t object, std::string_view path);
  // An array of characters, up to its first zero.
  [[nodiscard]] Result<std::string> text(std::uint64_t object, std::string_view path);
  [[nodiscard]] Result<std::uint64_t> address(std::uint64_t object, std::string_view path);
  // The structure whose field `path` lies at `member`.
  [[nodiscard]] Result<std::uint64_t> container(std::uint64_t member, std::string_view path);

 private:
  StructReader(const kernel::BtfTypes& types, const KernelMemory& memory, std::string structure,
               kernel::TypeId id)
      : types_(&types), memory_(memory), structure_(std::move(structure)), id_(id) {}

  [[nodiscard]] Error context(Error error, std::uint64_t object, std::string_view path) const;

  const kernel::BtfTypes* types_;
  KernelMemory memory_;
  std::string structure_;
  kernel::TypeId id_;
  std::map<std::string, Result<kernel::FieldPlace>, std::less<>> places_;
};

} // namespace schedrig::kernel_view
