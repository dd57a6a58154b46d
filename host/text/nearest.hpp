// SPDX-License-Identifier: MIT
// "Did you mean": the nearest of a set of names. Thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace schedrig::text {

// Damerau-Levenshtein distance in its optimal-string-alignment form: insertions, deletions,
// substitutions and swaps of neighbours count one each; no part is edited twice. Works on bytes.
// Costs |a| x |b| steps and three rows: callers bound their input.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The name at the smallest distance, when that is at most a third of the word's length (at least
// one): further away a guess is noise. The first one wins a tie. A word of more than 64 bytes is
// no typing mistake and has no nearest name.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> names);

// The help line of an unknown name: `did you mean "memory"?`, else `<what>: a, b, c` with all names
// (the first 40 where there are more), else "there are none".
[[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string_view> names,
                                  std::string_view what = "known names");

} // namespace schedrig::text
