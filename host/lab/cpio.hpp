// SPDX-License-Identifier: MIT
// CpioWriter: an initramfs in memory, in the "newc" format (Linux
// Documentation/driver-api/early-userspace/buffer-format.rst).
//
// Writes into a memfd, so that nothing is left on any disk whatever kills us. Parent directories
// are made as needed; a path added twice is added once. Knows nothing about what is staged.
// Thread: one at a time. Errors are kept and returned by finish().
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/process/unique_fd.hpp"

namespace schedrig::lab {

class CpioWriter {
 public:
  static Result<CpioWriter> make();

  // path is absolute. mode: permission bits.
  void add_directory(std::string_view path);
  void add_file(std::string_view path, std::string_view content, std::uint32_t mode);
  [[nodiscard]] bool has(std::string_view path) const { return seen_.find(path) != seen_.end(); }

  // Ends the archive. Returns the memfd, readable from offset 0, and its size by size().
  Result<UniqueFd> finish();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  explicit CpioWriter(UniqueFd fd) : fd_(std::move(fd)) {}
  void entry(std::string_view path, std::string_view content, std::uint32_t mode);
  void write(std::string_view bytes);
  void pad();

  UniqueFd fd_;
  std::set<std::string, std::less<>> seen_;
  std::uint64_t size_ = 0;
  std::uint32_t inode_ = 1;
  int failed_ = 0; // first errno
};

} // namespace schedrig::lab
