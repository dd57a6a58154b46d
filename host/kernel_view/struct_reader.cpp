// SPDX-License-Identifier: MIT
#include "host/kernel_view/struct_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/text/hex.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {

Result<StructReader> StructReader::of(const kernel::BtfTypes& types, const KernelMemory& memory,
                                      std::string_view structure) {
  const kernel::TypeId id = TRY(types.structure(structure));
  return StructReader(types, memory, std::string(structure), id);
}

Result<kernel::FieldPlace> StructReader::place(std::string_view path) {
  auto known = places_.find(path);
  if (known == places_.end()) {
    known = places_.emplace(std::string(path), types_->field(id_, path)).first;
  }
  return known->second;
}

Result<std::string_view> StructReader::first_of(std::initializer_list<std::string_view> paths) {
  std::string all;
  for (const std::string_view path : paths) {
    if (has(path)) {
      return path;
    }
    all += (all.empty() ? "" : ", ") + text::quote(path);
  }
  return fail(StatusCode::kNotFound, "struct " + structure_ + " has none of " + all,
              "this release does not know this kernel's name for it");
}

Error StructReader::context(Error error, std::uint64_t object, std::string_view path) const {
  return std::move(error).context("struct " + structure_ + " at " + text::hex_number(object) +
                                  ", field " + std::string(path));
}

Result<std::uint64_t> StructReader::number(std::uint64_t object, std::string_view path) {
  const kernel::FieldPlace field = TRY(place(path));
  std::uint64_t value = 0;
  if (field.bytes > sizeof value) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(path) + " is " + field.type + ", not a number");
  }
  const std::span<std::uint8_t> all(reinterpret_cast<std::uint8_t*>(&value), sizeof value);
  if (auto read = memory_.read(object + field.offset, all.first(field.bytes)); !read) {
    return std::unexpected(context(std::move(read).error(), object, path));
  }
  if (field.bits != 0 && field.bits < 64) {
    value = (value >> field.first_bit) & ((1ULL << field.bits) - 1);
  }
  return value;
}

Result<std::string> StructReader::text(std::uint64_t object, std::string_view path) {
  const kernel::FieldPlace field = TRY(place(path));
  constexpr std::uint64_t kMostBytes = 4096; // no name in the kernel is longer
  std::vector<std::uint8_t> bytes(std::min(field.bytes, kMostBytes));
  if (auto read = memory_.read(object + field.offset, bytes); !read) {
    return std::unexpected(context(std::move(read).error(), object, path));
  }
  return std::string(bytes.begin(), std::ranges::find(bytes, std::uint8_t{0}));
}

Result<std::uint64_t> StructReader::address(std::uint64_t object, std::string_view path) {
  return object + TRY(place(path)).offset;
}

Result<std::uint64_t> StructReader::container(std::uint64_t member, std::string_view path) {
  return member - TRY(place(path)).offset;
}

} // namespace schedrig::kernel_view
