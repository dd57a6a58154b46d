// SPDX-License-Identifier: MIT
#include "host/config/render.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// Characters of a source line to show: fits a terminal of 100 columns with the gutter.
constexpr std::size_t kShown = 90;
constexpr std::size_t kShownBefore = 60; // of these in front of the caret of a long line

struct Style {
  std::string_view severity;
  std::string_view help;
  std::string_view bold;
  std::string_view off;
};

Style style_of(const RenderOptions& options) {
  return options.colour ? Style{options.warnings ? "\x1b[1;33m" : "\x1b[1;31m", "\x1b[1;36m",
                                "\x1b[1m", "\x1b[0m"}
                        : Style{};
}

// Line `number` (from 1) of the text, without its end; empty past the end.
std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  return text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
}

// One entry a character as the parser counts columns: a blank for a tab, "?" for what a terminal
// would obey or what is no UTF-8, so that each takes one column. Stops at `limit` characters.
std::vector<std::string> characters_of(std::string_view line, std::size_t limit) {
  std::vector<std::string> characters;
  while (!line.empty() && characters.size() < limit) {
    const std::size_t length = text::utf8_length(line);
    const std::string_view character = line.substr(0, std::max<std::size_t>(length, 1));
    if (character == "\t") {
      characters.emplace_back(" ");
    } else if (length == 0 || text::printable(character) != character) {
      characters.emplace_back("?");
    } else {
      characters.emplace_back(character);
    }
    line.remove_prefix(character.size());
  }
  return characters;
}

void append_source_line(std::string& to, const Source& source, SourcePos pos, const Style& style) {
  const std::size_t column = std::max<std::uint32_t>(pos.column, 1);
  const auto characters = characters_of(line_of(source.text, pos.line), column + kShown);
  const std::size_t caret = std::min(column - 1, characters.size());
  const std::size_t begin = caret <= kShownBefore ? 0 : caret - kShownBefore;
  const std::size_t end = std::min(characters.size(), begin + kShown);
  const std::string cut = begin > 0 ? "..." : "";

  std::string number = std::to_string(pos.line);
  number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
  to += number + " | " + cut;
  for (std::size_t i = begin; i < end; ++i) {
    to += characters[i];
  }
  to += end < characters.size() ? "...\n" : "\n";
  to += std::string(number.size(), ' ') + " | " + std::string(cut.size() + caret - begin, ' ');
  to += std::string(style.severity) + "^" + std::string(style.off) + "\n";
}

} // namespace

std::string render(std::span<const Diagnostic> diagnostics, const Sources& sources,
                   RenderOptions options) {
  const Style style = style_of(options);
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    const SourcePos pos = diagnostic.pos;
    const Source* source = pos.file < sources.size() ? &sources[pos.file] : nullptr;
    out += style.bold;
    out += source == nullptr ? "config" : text::printable(source->name);
    if (pos.line != 0) {
      out += ":" + std::to_string(pos.line) + ":" + std::to_string(pos.column);
    }
    out += ":" + std::string(style.off) + " " + std::string(style.severity) +
           (options.warnings ? "warning:" : "error:") + std::string(style.off) + " " +
           diagnostic.message + "\n";
    if (source != nullptr && pos.line != 0) {
      append_source_line(out, *source, pos, style);
    }
    if (!diagnostic.help.empty()) {
      out +=
          std::string(style.help) + "help:" + std::string(style.off) + " " + diagnostic.help + "\n";
    }
  }
  return out;
}

} // namespace schedrig::config
