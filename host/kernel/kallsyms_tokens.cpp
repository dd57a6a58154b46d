// SPDX-License-Identifier: MIT
// Implementation: a digit stands for itself, so the table has "0" to "9" in a row, which is what is
// looked for; the offsets then prove it.
#include "host/kernel/kallsyms_tokens.hpp"

namespace schedrig::kernel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDigits = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0"sv;
constexpr std::size_t kTokens = 256;
// The assembler aligns the offsets to at most this.
constexpr std::size_t kMaxAlignment = 16;
// Tables of characters look alike at first; kernels have some five of them before the right one.
constexpr int kMaxCandidates = 4096;

// The end of the tokens from the digit 0 on, which lies at `digits`; npos: they do not end.
std::size_t end_of_tokens(std::string_view text, std::size_t digits) {
  std::size_t at = digits;
  for (std::size_t token = '0'; token < kTokens; ++token) {
    const std::size_t end = text.substr(0, digits + UINT16_MAX).find('\0', at);
    if (end == std::string_view::npos) {
      return end;
    }
    at = end + 1;
  }
  return at;
}

// Where the table begins whose digit 0 lies at `digits`, if these offsets fit it.
std::optional<std::size_t> table_of(std::string_view text, std::size_t digits,
                                    std::size_t index_at) {
  std::array<std::uint16_t, kTokens> offsets{};
  if (!read_at(std::as_bytes(std::span(text)), index_at, offsets) || offsets[0] != 0 ||
      offsets['0'] > digits) {
    return std::nullopt;
  }
  const std::string_view table = text.substr(digits - offsets['0'], UINT16_MAX + 1);
  for (std::size_t token = 0; token + 1 < kTokens; ++token) {
    const std::size_t zero = table.find('\0', offsets.at(token));
    if (zero == std::string_view::npos || zero + 1 != offsets.at(token + 1)) {
      return std::nullopt;
    }
  }
  if (table.find('\0', offsets.back()) == std::string_view::npos) {
    return std::nullopt;
  }
  return digits - offsets['0'];
}

KallsymsTokens tokens_at(std::string_view text, std::size_t table_at, std::size_t index_at) {
  KallsymsTokens tokens{
      .text = {}, .table_at = table_at, .index_end = index_at + (kTokens * sizeof(std::uint16_t))};
  std::size_t at = table_at;
  for (std::string_view& token : tokens.text) {
    token = text.substr(at, text.find('\0', at) - at);
    at += token.size() + 1;
  }
  return tokens;
}

} // namespace

std::optional<KallsymsTokens> find_kallsyms_tokens(ByteView image) {
  const std::string_view text(reinterpret_cast<const char*>(image.data()), image.size());
  std::size_t digits = text.find(kDigits);
  for (int tried = 0; digits != std::string_view::npos && tried < kMaxCandidates; ++tried) {
    if (const std::size_t end = end_of_tokens(text, digits); end != std::string_view::npos) {
      for (std::size_t padding = 0; padding < kMaxAlignment; ++padding) {
        if (const auto first = table_of(text, digits, end + padding)) {
          return tokens_at(text, *first, end + padding);
        }
      }
    }
    digits = text.find(kDigits, digits + 1);
  }
  return std::nullopt;
}

} // namespace schedrig::kernel
