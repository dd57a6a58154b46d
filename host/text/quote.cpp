// SPDX-License-Identifier: MIT
#include "host/text/quote.hpp"

#include <array>
#include <cstdint>

namespace schedrig::text {
namespace {

constexpr std::size_t kQuoteBytes = 80; // a long name still fits a line of a terminal

// What the first byte of a sequence says: length, and the range of the second byte (RFC 3629).
struct Lead {
  unsigned char first;
  unsigned char last;
  std::uint8_t length;
  unsigned char second_low;
  unsigned char second_high;
};
constexpr std::array<Lead, 8> kLeads = {{
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
}};

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

void append_hex(std::string& to, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  to += "\\x";
  to += kDigits[byte >> 4U];
  to += kDigits[byte & 0xFU];
}

// C1 controls (U+0080..U+009F) are characters in UTF-8, but terminals obey them.
bool is_control(std::string_view character) {
  const unsigned char first = byte_at(character, 0);
  return first < 0x20 || first == 0x7F ||
         (character.size() == 2 && first == 0xC2 && byte_at(character, 1) < 0xA0);
}

// Appends the character at the front of `text` in its printable form; returns its bytes.
std::size_t append_printable(std::string& to, std::string_view text) {
  const std::size_t length = utf8_length(text);
  const std::size_t taken = length == 0 ? 1 : length;
  if (length == 0 || is_control(text.substr(0, taken))) {
    for (std::size_t i = 0; i < taken; ++i) {
      append_hex(to, byte_at(text, i));
    }
  } else {
    to += text.substr(0, taken);
  }
  return taken;
}

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  const unsigned char first = byte_at(text, 0);
  if (first < 0x80) {
    return 1;
  }
  for (const Lead& lead : kLeads) {
    if (first < lead.first || first > lead.last) {
      continue;
    }
    if (text.size() < lead.length || byte_at(text, 1) < lead.second_low ||
        byte_at(text, 1) > lead.second_high) {
      return 0;
    }
    for (std::size_t i = 2; i < lead.length; ++i) {
      if ((byte_at(text, i) & 0xC0U) != 0x80U) {
        return 0;
      }
    }
    return lead.length;
  }
  return 0;
}

std::string quote(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    if (result.size() > kQuoteBytes) {
      return result + "...\"";
    }
    if (text.front() == '"' || text.front() == '\\') {
      result += '\\';
    }
    text.remove_prefix(append_printable(result, text));
  }
  return result + "\"";
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    text.remove_prefix(append_printable(result, text));
  }
  return result;
}

std::string shown(std::string_view text, std::size_t most) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= most) {
      return result + "...";
    }
    if (text.front() == '\t') {
      result += '\t';
      text.remove_prefix(1);
    } else {
      text.remove_prefix(append_printable(result, text));
    }
  }
  return result;
}

std::string shown_lines(std::string_view text, std::size_t most) {
  std::string result;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    result += shown(text.substr(0, end), most) + "\n";
    text.remove_prefix(end + 1);
  }
  return result + shown(text, most);
}

} // namespace schedrig::text
