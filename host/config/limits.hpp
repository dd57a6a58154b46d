// SPDX-License-Identifier: MIT
// Bounds of a config text, checked before the TOML library sees it. toml++ 3.3 limits nested values
// to 256 but not the parts of a dotted key, and it recurses over both: a file of 4 MiB of "a.a.a"
// would use up the stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

inline constexpr std::size_t kMaxFileBytes = 4U << 20U; // 10,000 ops are about 1 MiB
inline constexpr std::size_t kMaxNesting = 32;          // the deepest value of the schema is at 8
inline constexpr std::size_t kMaxKeyParts = 16;         // the longest key of the schema has 4
// Values (more exactly '=', ',' and '[' outside of strings): 10,000 ops have about 100,000; one
// costs some 200 bytes while a file is read.
inline constexpr std::size_t kMaxValues = 500'000;

// What all texts of one config may hold together: many small files must not do what one large one
// cannot.
struct TextBudget {
  std::size_t bytes = kMaxFileBytes;
  std::size_t values = kMaxValues;
};

// Adds one error to `to` and returns false when a bound is exceeded; takes what the text holds out
// of the budget. `file` is the source's index.
[[nodiscard]] bool check_limits(std::string_view text, std::uint32_t file, Diagnostics& to,
                                TextBudget& budget);

} // namespace schedrig::config
