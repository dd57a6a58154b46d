// SPDX-License-Identifier: MIT
// A lexer of what matters for the bounds: strings and comments are passed over exactly as TOML
// 1.0.0 delimits them. Where a text is malformed the TOML library stops, at the same place or
// before, so that nothing behind it counts.
#include "host/config/limits.hpp"

#include <algorithm>
#include <string>

namespace schedrig::config {
namespace {

class Scanner {
 public:
  Scanner(std::string_view text, std::uint32_t file, Diagnostics& to, std::size_t most_values)
      : rest_(text), pos_{.file = file, .line = 1, .column = 1}, to_(to),
        most_values_(most_values) {}

  [[nodiscard]] std::size_t values() const noexcept { return values_; }

  bool run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '#') {
        skip_to_newline();
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (!take(c)) {
        return false;
      }
    }
    return true;
  }

 private:
  bool take(char c) {
    advance(1);
    switch (c) {
    case '[':
    case '{':
      values_ += c == '[' ? 1 : 0;
      key_parts_ = 1;
      return ++nesting_ <= kMaxNesting ||
             refuse("values are nested more than " + std::to_string(kMaxNesting) + " deep");
    case ']':
    case '}':
      nesting_ -= nesting_ > 0 ? 1 : 0;
      key_parts_ = 1;
      break;
    case '.':
      if (++key_parts_ > kMaxKeyParts) {
        return refuse("a key has more than " + std::to_string(kMaxKeyParts) + " parts");
      }
      break;
    case '=':
    case ',':
      ++values_;
      key_parts_ = 1;
      break;
    case '\n':
      key_parts_ = 1;
      break;
    default:
      break;
    }
    return values_ <= most_values_ ||
           refuse(most_values_ == kMaxValues
                      ? "the file has more than " + std::to_string(kMaxValues) + " values"
                      : "with this file the config has more than " + std::to_string(kMaxValues) +
                            " values");
  }

  bool refuse(const std::string& what) {
    SourcePos at = pos_;
    --at.column;
    to_.add(at, what, "no scenario needs that: look for a mistake in what wrote the file");
    return false;
  }

  void advance(std::size_t bytes) {
    for (std::size_t i = 0; i < bytes && !rest_.empty(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (byte == '\n') {
        ++pos_.line;
        pos_.column = 1;
      } else if ((byte & 0xC0U) != 0x80U) { // columns count characters, not bytes
        ++pos_.column;
      }
    }
  }

  void skip_to_newline() {
    const std::size_t end = rest_.find('\n');
    advance(end == std::string_view::npos ? rest_.size() : end);
  }

  void skip_string(char quote) {
    const std::string_view triple = quote == '"' ? "\"\"\"" : "'''";
    if (rest_.starts_with(triple)) {
      skip_multi_line(quote, triple);
      return;
    }
    advance(1);
    while (!rest_.empty() && rest_.front() != '\n') {
      const char c = rest_.front();
      advance(c == '\\' && quote == '"' ? 2 : 1);
      if (c == quote) {
        return;
      }
    }
  }

  void skip_multi_line(char quote, std::string_view triple) {
    advance(3);
    while (!rest_.empty() && !rest_.starts_with(triple)) {
      advance(rest_.front() == '\\' && quote == '"' ? 2 : 1);
    }
    advance(3);
    for (int i = 0; i < 2 && rest_.starts_with(quote); ++i) { // up to two more belong to the text
      advance(1);
    }
  }

  std::string_view rest_;
  SourcePos pos_;
  Diagnostics& to_;
  std::size_t most_values_;
  std::size_t nesting_ = 0;
  std::size_t key_parts_ = 1;
  std::size_t values_ = 0;
};

} // namespace

bool check_limits(std::string_view text, std::uint32_t file, Diagnostics& to, TextBudget& budget) {
  if (text.size() > budget.bytes) {
    to.add({.file = file, .line = 0, .column = 0},
           (budget.bytes == kMaxFileBytes
                ? "the file has " + std::to_string(text.size()) + " bytes, more than "
                : std::string("with this file the config has more bytes than ")) +
               std::to_string(kMaxFileBytes),
           "no scenario needs that: look for a mistake in what wrote the file");
    return false;
  }
  Scanner scanner(text, file, to, budget.values);
  const bool fits = scanner.run();
  budget.bytes -= text.size();
  budget.values -= std::min(budget.values, scanner.values());
  return fits;
}

} // namespace schedrig::config
