// SPDX-License-Identifier: MIT
// MappedFile: a regular file's bytes, mapped for reading: a kernel of 14 MB goes from the page
// cache to the guest's memory without a copy in between.
//
// Ownership: the mapping. Thread: any. A file that somebody cuts while it is mapped: what is copied
// by a system call is an error there (EFAULT), reading the missing pages directly is a SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <schedrig/result.hpp>

namespace schedrig::kvm {

class MappedFile {
 public:
  // Errors: kOs, kInvalidArgument (no regular file), kBadData (longer than `limit` bytes).
  [[nodiscard]] static Result<MappedFile> open(const std::string& path, std::uint64_t limit);

  MappedFile() = default; // no bytes
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

} // namespace schedrig::kvm
