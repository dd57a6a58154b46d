// SPDX-License-Identifier: MIT
// Reading and writing the fields of the wire format (kernel_wire.hpp): bounds, limits and UTF-8 are
// checked here, what fields mean is not known. Private to the SDK's sources; thread: the owner's.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/kernel_wire.hpp>

namespace schedrig::wire {

// x86-64 on both ends: the layout on the wire is the one in memory.
static_assert(std::endian::native == std::endian::little);

// Length of the UTF-8 sequence that `text` begins with, 0 if it is none (Unicode 15, table 3-7).
inline std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  const std::uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return 0;
    }
  }
  return length;
}

inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

// Appends; the first fault stays, and nothing is written after it.
class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(out), begin_(out.size()) {}

  template <std::integral T> void put(T value) { append(&value, sizeof value); }

  void text(std::string_view value, std::size_t limit = UINT16_MAX) {
    check(value.size() <= limit, WireFault::kTooLong);
    check(is_utf8(value), WireFault::kBadText);
    put(static_cast<std::uint16_t>(value.size()));
    append(value.data(), value.size());
  }

  void bytes(std::span<const std::uint8_t> value) {
    check(value.size() <= kMaxKernelMessageBytes, WireFault::kTooLong);
    put(static_cast<std::uint32_t>(value.size()));
    append(value.data(), value.size());
  }

  void count(std::size_t entries) {
    check(entries <= UINT16_MAX, WireFault::kTooLong);
    put(static_cast<std::uint16_t>(entries));
  }

  WireError finish() {
    if (!error_.ok()) {
      out_.resize(begin_);
    }
    return error_;
  }

 private:
  void check(bool good, WireFault fault) {
    if (!good && error_.ok()) {
      error_ = {fault, out_.size() - begin_};
    }
  }

  void append(const void* data, std::size_t size) {
    check(out_.size() - begin_ + size <= kMaxKernelMessageBytes, WireFault::kTooLong);
    if (error_.ok()) {
      const auto* from = static_cast<const std::uint8_t*>(data);
      out_.insert(out_.end(), from, from + size);
    }
  }

  std::vector<std::uint8_t>& out_;
  std::size_t begin_;
  WireError error_;
};

// Reads; after the first fault everything is zero and empty, so that callers ask once.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> data) : data_(data) {
    check(data.size() <= kMaxKernelMessageBytes, WireFault::kTooLong);
  }

  template <std::integral T> T get() {
    T value{};
    if (take(sizeof value)) {
      std::memcpy(&value, data_.data() + used_ - sizeof value, sizeof value);
    }
    return value;
  }

  std::string text(std::size_t limit = UINT16_MAX) {
    const std::size_t at = used_;
    const std::size_t size = get<std::uint16_t>();
    check(size <= limit, WireFault::kTooLong, at);
    if (!take(size)) {
      return {};
    }
    std::string value(reinterpret_cast<const char*>(data_.data()) + used_ - size, size);
    check(is_utf8(value), WireFault::kBadText, at);
    return value;
  }

  std::vector<std::uint8_t> bytes() {
    const std::size_t size = get<std::uint32_t>();
    if (!take(size)) {
      return {};
    }
    const auto* end = data_.data() + used_;
    return {end - size, end};
  }

  // Entries that follow, each of at least `least` bytes: checked before anyone makes room for them.
  std::size_t count(std::size_t least) {
    const std::size_t at = used_;
    const std::size_t entries = get<std::uint16_t>();
    return fits(entries, least, at) ? entries : 0;
  }
  bool fits(std::size_t entries, std::size_t least, std::size_t at) {
    check(entries <= (data_.size() - used_) / least, WireFault::kTruncated, at);
    return ok();
  }

  void check(bool good, WireFault fault) { check(good, fault, used_); }
  void check(bool good, WireFault fault, std::size_t at) {
    if (!good && error_.ok()) {
      error_ = {fault, at};
    }
  }

  [[nodiscard]] bool ok() const { return error_.ok(); }
  [[nodiscard]] std::size_t offset() const { return used_; }

  WireError finish() {
    check(used_ == data_.size(), WireFault::kTrailingBytes);
    return error_;
  }

 private:
  bool take(std::size_t size) {
    check(size <= data_.size() - used_, WireFault::kTruncated);
    if (!ok()) {
      return false;
    }
    used_ += size;
    return true;
  }

  std::span<const std::uint8_t> data_;
  std::size_t used_ = 0;
  WireError error_;
};

} // namespace schedrig::wire
