// SPDX-License-Identifier: MIT
// What is wrong with a config and where: diagnostics and the texts that they point into.
// Knows nothing of TOML and of what keys mean. Thread: any; owned values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <schedrig/ops.hpp>

namespace schedrig::config {

// File, line, column: what orders places.
using PlaceKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
[[nodiscard]] constexpr PlaceKey key_of(SourcePos pos) noexcept {
  return {pos.file, pos.line, pos.column};
}

// One error. message: lower case, no full stop; help: what to do, may be empty.
// pos.line 0: the source as a whole.
struct Diagnostic {
  SourcePos pos;
  std::string message;
  std::string help;
};

enum class SourceKind : std::uint8_t { kFile, kOverlay, kSet, kScheduler };

// A text that was read: a file, the text of one --set (name "--set"), or the check defaults of a
// scheduler (name "scheduler X"). Index: SourcePos::file.
struct Source {
  std::string name;
  std::string text;
  SourceKind kind = SourceKind::kFile;
};
using Sources = std::vector<Source>;

// Collects errors. Keeps the first kLimit of them: a file of 4 MiB can hold a million, nobody reads
// more, and what is past the limit costs next to nothing.
class Diagnostics {
 public:
  static constexpr std::size_t kLimit = 200;

  // Errors past the limit are counted only. Callers whose text is costly to make ask full() first.
  void add(SourcePos pos, std::string message, std::string help = {});
  [[nodiscard]] bool full() const noexcept { return list_.size() >= kLimit; }
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }

  // In file order (errors at one place in the order of their discovery), the list is moved out. A
  // last entry says how many there were past the limit.
  [[nodiscard]] std::vector<Diagnostic> take_sorted();

 private:
  std::vector<Diagnostic> list_;
  std::size_t dropped_ = 0;
};

} // namespace schedrig::config
