// SPDX-License-Identifier: MIT
#include "host/report/names.hpp"

#include <algorithm>
#include <array>

namespace schedrig::report {

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
  std::string copy(text);
  std::ranges::replace_if(
      copy, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }, '?');
  return copy;
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

} // namespace schedrig::report
