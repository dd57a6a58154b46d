// SPDX-License-Identifier: MIT
// Plain structs and byte strings for ByteWriter and ByteReader. A struct goes with its length, so
// that one of another size is refused.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "channel/byte_codec.hpp"

namespace schedrig::kvm {

template <class T> void put_struct(ByteWriter& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.text({reinterpret_cast<const char*>(&value), sizeof value});
}

template <class T> [[nodiscard]] bool get_struct(ByteReader& in, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::string_view bytes = in.text(sizeof value);
  if (bytes.size() != sizeof value) {
    return false;
  }
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

inline void put_bytes(ByteWriter& out, std::span<const std::byte> bytes) {
  out.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

[[nodiscard]] inline std::vector<std::byte> get_bytes(ByteReader& in, std::size_t limit) {
  const auto bytes = std::as_bytes(std::span(in.text(limit)));
  return {bytes.begin(), bytes.end()};
}

} // namespace schedrig::kvm
