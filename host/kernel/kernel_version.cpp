// SPDX-License-Identifier: MIT
// Implementation of the version order.
#include "host/kernel/kernel_version.hpp"

#include <cstdint>

namespace schedrig::kernel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes the number at the front of `text` and a dot behind it. False when there is none.
bool take_number(std::string_view& text, std::uint64_t& number) {
  if (text.empty() || !is_digit(text[0])) {
    return false;
  }
  number = 0;
  while (!text.empty() && is_digit(text[0])) {
    number = number * 10 + static_cast<std::uint64_t>(text[0] - '0');
    text.remove_prefix(1);
  }
  if (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
  }
  return true;
}

} // namespace

bool version_less(std::string_view a, std::string_view b) {
  while (true) {
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    const bool more_left = take_number(a, left);
    const bool more_right = take_number(b, right);
    if (!more_left && !more_right) {
      return a < b;
    }
    if (left != right || more_left != more_right) {
      return more_left == more_right ? left < right : more_right;
    }
  }
}

bool has_version_prefix(std::string_view version, std::string_view prefix) {
  if (!version.starts_with(prefix)) {
    return false;
  }
  return prefix.empty() || version.size() == prefix.size() || !is_digit(prefix.back()) ||
         !is_digit(version[prefix.size()]);
}

std::string_view version_series(std::string_view version, int parts) {
  std::string_view rest = version;
  std::uint64_t number = 0;
  for (int i = 0; i < parts && take_number(rest, number); ++i) {
  }
  std::string_view series = version.substr(0, version.size() - rest.size());
  if (series.ends_with('.')) {
    series.remove_suffix(1);
  }
  return series;
}

} // namespace schedrig::kernel
