// SPDX-License-Identifier: MIT
// ByteWriter and ByteReader: little-endian integers and length-prefixed strings, with every read
// checked against the end. Knows nothing of frames or messages.
//
// A reader that ran past its end, or met a length above the caller's limit, stays failed and
// yields zeros and empty strings, so that a decoder reads everything and asks once. Thread: any.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace schedrig::kvm {

// x86-64 on both ends: the layout on the wire is the one in memory.
static_assert(std::endian::native == std::endian::little);

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) noexcept : out_(out) {}

  template <std::integral T> void put(T value) { append(&value, sizeof value); }

  // u32 length, then the bytes. The caller keeps the message within its type's limit.
  void text(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size()));
    append(value.data(), value.size());
  }

 private:
  void append(const void* data, std::size_t bytes) {
    const auto* from = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), from, from + bytes);
  }

  std::vector<std::byte>& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> data) noexcept : data_(data) {}

  template <std::integral T> [[nodiscard]] T get() noexcept {
    T value{};
    if (take(sizeof value)) {
      std::memcpy(&value, data_.data() + used_ - sizeof value, sizeof value);
    }
    return value;
  }

  // A view into the data given to the constructor.
  [[nodiscard]] std::string_view text(std::size_t limit) noexcept {
    const auto bytes = get<std::uint32_t>();
    if (bytes > limit || !take(bytes)) {
      failed_ = true;
      return {};
    }
    return {reinterpret_cast<const char*>(data_.data()) + used_ - bytes, bytes};
  }

  // A count of elements that follow, each at least element_bytes long: refused when above limit
  // or when the data cannot hold them, before anyone allocates for them.
  [[nodiscard]] std::uint32_t count(std::uint32_t limit, std::size_t element_bytes) noexcept {
    const auto value = get<std::uint32_t>();
    if (value > limit || value > (data_.size() - used_) / element_bytes) {
      failed_ = true;
      return 0;
    }
    return value;
  }

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  // Everything was read and nothing failed: what a well-formed message ends with.
  [[nodiscard]] bool complete() const noexcept { return !failed_ && used_ == data_.size(); }

 private:
  [[nodiscard]] bool take(std::size_t bytes) noexcept {
    if (failed_ || bytes > data_.size() - used_) {
      failed_ = true;
      return false;
    }
    used_ += bytes;
    return true;
  }

  std::span<const std::byte> data_;
  std::size_t used_ = 0;
  bool failed_ = false;
};

} // namespace schedrig::kvm
