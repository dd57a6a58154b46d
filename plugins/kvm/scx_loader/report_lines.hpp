// SPDX-License-Identifier: MIT
// What schedrig-scx says on its standard output: one line an event, a word, a tab and a text in
// which backslash, newline and tab are escaped. Both ends are compiled from this file.
//   note      something left out or translated, for people
//   attached  the scheduler's name: it is
//   failed    why it could not be attached; `log` has the verifier's words, if it was the verifier
//   kind, code, reason, message, dump   how the scheduler ended, as the kernel told it
//   ended     comes last: the scheduler is gone
// Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

namespace schedrig::scx {

inline constexpr std::string_view kNote = "note";
inline constexpr std::string_view kAttached = "attached";
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::string_view kLog = "log";
inline constexpr std::string_view kKind = "kind";
inline constexpr std::string_view kCode = "code";
inline constexpr std::string_view kReason = "reason";
inline constexpr std::string_view kMessage = "message";
inline constexpr std::string_view kDump = "dump";
inline constexpr std::string_view kEnded = "ended";

[[nodiscard]] inline std::string report_line(std::string_view word, std::string_view text) {
  std::string line(word);
  line += '\t';
  for (const char c : text) {
    switch (c) {
    case '\\':
      line += "\\\\";
      break;
    case '\n':
      line += "\\n";
      break;
    case '\t':
      line += "\\t";
      break;
    default:
      line += c;
    }
  }
  return line += '\n';
}

struct ReportLine {
  std::string_view word;
  std::string text;
};

// Takes the first line off `rest`; a last one without a newline is not complete and stays.
// Returns whether there was one.
[[nodiscard]] inline bool take_line(std::string_view& rest, ReportLine& out) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    return false;
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  const std::size_t tab = line.find('\t');
  out.word = line.substr(0, tab);
  out.text.clear();
  const std::string_view text =
      tab == std::string_view::npos ? std::string_view{} : line.substr(tab + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    const char c = escaped ? text[++i] : text[i];
    out.text += !escaped || c == '\\' ? c : c == 'n' ? '\n' : '\t';
  }
  return true;
}

} // namespace schedrig::scx
