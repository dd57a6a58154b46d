// SPDX-License-Identifier: MIT
// JSON text read with the place of every value: for files that people write, whose mistakes must be
// shown where they are. Reads what such files hold beyond RFC 8259: comments, a comma behind the
// last member or element, and a key more than once in an object (members stay in file order).
//
// Knows no meaning of keys. Owned values; thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace schedrig::json {

// 1-based; columns count bytes.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

enum class LocatedType : std::uint8_t { kNull, kBool, kInteger, kReal, kString, kArray, kObject };
// "a string", "an integer": for messages.
[[nodiscard]] std::string_view describe(LocatedType type) noexcept;

struct LocatedMember;
struct Located {
  LocatedType type = LocatedType::kNull;
  Place place;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;                   // kString
  std::vector<Located> elements;      // kArray
  std::vector<LocatedMember> members; // kObject
};
struct LocatedMember {
  std::string key;
  Place key_place;
  Located value;
};

struct LocatedLimits {
  std::size_t max_bytes = std::size_t{1} << 20U; // its values take at most some 100 MiB
  std::size_t max_depth = 32;
};

struct SyntaxError {
  Place place;
  std::string message;
};

// The whole text must be one document. Errors: syntax, a byte 0, integers that do not fit int64, a
// limit; one, the first.
std::expected<Located, SyntaxError> parse_located(std::string_view text,
                                                  const LocatedLimits& limits = {});

} // namespace schedrig::json
