// SPDX-License-Identifier: MIT
#include "host/report/names.hpp"

#include <array>
#include <cstddef>

#include "host/text/quote.hpp"

namespace schedrig::report {
namespace {

constexpr std::size_t kLongestShown = 4096; // of one line, as in the log
constexpr std::size_t kLongestName = 80;

// $'...' of POSIX.1-2024: the one quoting in which a control character can be written visibly.
std::string ansi_c_quoted(std::string_view text) {
  std::string quoted = "$'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      quoted += std::string("\\") + c;
    } else if (byte >= 0x20 && byte < 0x7F) {
      quoted += c;
    } else { // octal has three digits at most: the next character is never a part of it
      quoted += '\\';
      for (const unsigned shift : {6U, 3U, 0U}) {
        quoted += static_cast<char>('0' + (byte >> shift & 7U));
      }
    }
  }
  return quoted + "'";
}

} // namespace

std::string_view to_string(engine::RunEnd end) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"complete", "refused", "infrastructure",
                                                      "deadline", "interrupted"};
  return kNames[static_cast<std::size_t>(end)];
}

std::string_view to_string(engine::OpStatus status) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"ok", "failed", "not_run"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view to_string(StatusCode code) noexcept {
  constexpr std::array<std::string_view, 12> kNames = {
      "ok",       "invalid_argument", "not_found",   "already_exists", "unsupported",
      "os",       "timeout",          "interrupted", "guest_failed",   "bad_data",
      "internal", "scheduler_exit"};
  return kNames[static_cast<std::size_t>(code)];
}

std::string_view to_string(engine::SchedulerEventKind kind) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"attach", "detach", "exit"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string printable(std::string_view text) {
  return text::shown(text, kLongestShown);
}

std::string printable_name(std::string_view name) {
  return text::shown(name, kLongestName);
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  if (text::printable(text) != text) {
    return ansi_c_quoted(text);
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

} // namespace schedrig::report
