// SPDX-License-Identifier: MIT
#include "plugins/mock/files/kernel_parse.hpp"

#include <cerrno>

namespace schedrig::mock {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

// _parse_integer() with the base guessed from a prefix; consumes what it read.
int parse_digits(std::string_view& text, std::uint64_t& value) {
  unsigned base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' && digit_of(text[2]) < 16) {
    base = 16;
    text.remove_prefix(2);
  } else if (!text.empty() && text[0] == '0') {
    base = 8;
  }
  std::uint64_t result = 0;
  bool overflow = false;
  std::size_t n = 0;
  while (n < text.size() && digit_of(text[n]) < static_cast<int>(base)) {
    const auto digit = static_cast<std::uint64_t>(digit_of(text[n]));
    overflow = overflow || __builtin_mul_overflow(result, base, &result) ||
               __builtin_add_overflow(result, digit, &result);
    ++n;
  }
  text.remove_prefix(n);
  value = result;
  if (n == 0) {
    return EINVAL;
  }
  return overflow ? ERANGE : 0;
}

int parse_magnitude(std::string_view text, std::uint64_t& value) {
  if (const int error = parse_digits(text, value); error != 0) {
    return error;
  }
  if (!text.empty() && text.front() == '\n') {
    text.remove_prefix(1);
  }
  return text.empty() ? 0 : EINVAL;
}

// bitmap_getnum(): decimal, no sign.
int list_number(std::string_view& text, std::uint32_t& value) {
  std::uint64_t result = 0;
  std::size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
    result = (result * 10) + static_cast<std::uint64_t>(text[n] - '0');
    if (result > UINT32_MAX) {
      return EOVERFLOW;
    }
    ++n;
  }
  text.remove_prefix(n);
  value = static_cast<std::uint32_t>(result);
  return n == 0 ? EINVAL : 0;
}

bool end_of_region(std::string_view text) {
  return text.empty() || text.front() == ',' || is_space(text.front());
}

// One "a", "a-b" or "a-b:used/group".
int parse_region(std::string_view& text, std::uint32_t nbits, CpuMask& mask) {
  std::uint32_t start = 0;
  std::uint32_t end = nbits - 1;
  std::uint32_t used = 0;
  std::uint32_t group = 0;
  if (text.starts_with("all")) {
    text.remove_prefix(3);
  } else {
    if (text.front() == 'N') {
      start = nbits - 1;
      text.remove_prefix(1);
    } else if (const int error = list_number(text, start); error != 0) {
      return error;
    }
    end = start;
    if (!end_of_region(text)) {
      if (text.front() != '-') {
        return EINVAL;
      }
      text.remove_prefix(1);
      if (!text.empty() && text.front() == 'N') {
        end = nbits - 1;
        text.remove_prefix(1);
      } else if (const int error = list_number(text, end); error != 0) {
        return error;
      }
    }
  }
  if (end_of_region(text)) {
    used = group = end + 1 == 0 ? end : end + 1;
  } else {
    if (text.front() != ':') {
      return EINVAL;
    }
    text.remove_prefix(1);
    if (const int error = list_number(text, used); error != 0) {
      return error;
    }
    if (text.empty() || text.front() != '/') {
      return EINVAL;
    }
    text.remove_prefix(1);
    if (const int error = list_number(text, group); error != 0) {
      return error;
    }
    if (!end_of_region(text)) {
      return EINVAL;
    }
  }
  if (start > end || group == 0 || used > group) {
    return EINVAL;
  }
  if (end >= nbits) {
    return ERANGE;
  }
  for (std::uint32_t bit = start; bit <= end; ++bit) {
    if ((bit - start) % group < used) {
      mask.set(bit);
    }
  }
  return 0;
}

} // namespace

std::string_view as_c_string(std::string_view data) {
  return data.substr(0, data.find('\0'));
}

std::string_view strip(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

int parse_u64(std::string_view text, std::uint64_t& value) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  return parse_magnitude(text, value);
}

int parse_s64(std::string_view text, std::int64_t& value) {
  std::uint64_t magnitude = 0;
  if (!text.empty() && text.front() == '-') {
    if (const int error = parse_magnitude(text.substr(1), magnitude); error != 0) {
      return error;
    }
    if (magnitude > static_cast<std::uint64_t>(INT64_MAX) + 1) {
      return ERANGE;
    }
    value = static_cast<std::int64_t>(0 - magnitude);
    return 0;
  }
  if (const int error = parse_u64(text, magnitude); error != 0) {
    return error;
  }
  if (magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
    return ERANGE;
  }
  value = static_cast<std::int64_t>(magnitude);
  return 0;
}

int parse_s32(std::string_view text, std::int32_t& value) {
  std::int64_t wide = 0;
  if (const int error = parse_s64(text, wide); error != 0) {
    return error;
  }
  if (wide < INT32_MIN || wide > INT32_MAX) {
    return ERANGE;
  }
  value = static_cast<std::int32_t>(wide);
  return 0;
}

int parse_list(std::string_view text, std::uint32_t nbits, CpuMask& mask) {
  mask = {};
  while (true) {
    while (!text.empty() && (text.front() == ',' || is_space(text.front()))) {
      text.remove_prefix(1);
    }
    if (text.empty()) {
      return 0;
    }
    if (const int error = parse_region(text, nbits, mask); error != 0) {
      return error;
    }
  }
}

int parse_memory(std::string_view text, std::uint64_t& pages) {
  text = strip(text);
  if (text == "max") {
    pages = kPageCounterMax;
    return 0;
  }
  std::uint64_t bytes = 0;
  if (const int error = parse_digits(text, bytes); error == EINVAL) {
    return EINVAL;
  }
  static constexpr std::string_view kSuffixes = "kmgtpe";
  if (!text.empty()) {
    const std::size_t power = kSuffixes.find(static_cast<char>(text.front() | 0x20));
    if (power == std::string_view::npos) {
      return EINVAL;
    }
    bytes <<= 10U * (power + 1); // memparse() does not look for overflow
    text.remove_prefix(1);
  }
  if (!text.empty()) {
    return EINVAL;
  }
  pages = std::min(bytes / 4096, kPageCounterMax);
  return 0;
}

std::string format_list(const CpuMask& mask) {
  std::string text;
  for (CpuId first = 0; first < kMaxCpus; ++first) {
    if (!mask.test(first)) {
      continue;
    }
    CpuId last = first;
    while (mask.test(last + 1)) {
      ++last;
    }
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last > first) {
      text += "-" + std::to_string(last);
    }
    first = last;
  }
  return text;
}

} // namespace schedrig::mock
