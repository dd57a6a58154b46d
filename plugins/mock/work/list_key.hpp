// SPDX-License-Identifier: MIT
// Keys of parameters that lie in an array of tables: "programs[3].name". Pure; thread: any.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace schedrig::mock {

struct ListKey {
  std::uint32_t index = 0;
  std::string_view member; // "name"
};

// None for keys of other lists.
[[nodiscard]] inline std::optional<ListKey> list_key(std::string_view key, std::string_view list) {
  if (!key.starts_with(list) || !key.substr(list.size()).starts_with('[')) {
    return std::nullopt;
  }
  ListKey found;
  const char* const end = key.data() + key.size();
  const auto [rest, error] = std::from_chars(key.data() + list.size() + 1, end, found.index);
  if (error != std::errc{} || end - rest < 2 || rest[0] != ']' || rest[1] != '.') {
    return std::nullopt;
  }
  found.member = key.substr(static_cast<std::size_t>(rest - key.data()) + 2);
  return found;
}

} // namespace schedrig::mock
