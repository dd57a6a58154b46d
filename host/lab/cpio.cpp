// SPDX-License-Identifier: MIT
// Implementation of the newc writer.
#include "host/lab/cpio.hpp"

#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace schedrig::lab {
namespace {

constexpr std::uint64_t kAlignment = 4;

// Fields of the header are eight hexadecimal digits each.
void append_hex(std::string& text, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += kDigits[(value >> static_cast<unsigned>(shift)) & 0xfU];
  }
}

} // namespace

Result<CpioWriter> CpioWriter::make() {
  UniqueFd fd(::memfd_create("schedrig-initramfs", MFD_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno(errno, "cannot make a memfd for the initramfs");
  }
  return CpioWriter(std::move(fd));
}

void CpioWriter::write(std::string_view bytes) {
  while (!bytes.empty() && failed_ == 0) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) {
      failed_ = errno;
    }
    if (n > 0) {
      size_ += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
}

void CpioWriter::pad() {
  constexpr std::array<char, kAlignment> kZeros{};
  write({kZeros.data(), (kAlignment - size_ % kAlignment) % kAlignment});
}

void CpioWriter::entry(std::string_view path, std::string_view content, std::uint32_t mode) {
  const std::string_view name = path.starts_with('/') ? path.substr(1) : path;
  std::string header = "070701";
  append_hex(header, inode_++);
  append_hex(header, mode);
  append_hex(header, 0); // uid
  append_hex(header, 0); // gid
  append_hex(header, 1); // nlink
  append_hex(header, 0); // mtime: the same staging gives the same archive
  append_hex(header, content.size());
  for (int i = 0; i < 4; ++i) {
    append_hex(header, 0); // device numbers
  }
  append_hex(header, name.size() + 1);
  append_hex(header, 0); // checksum, unused in 070701
  header += name;
  header += '\0';
  write(header);
  pad();
  write(content);
  pad();
}

void CpioWriter::add_directory(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  if (path.size() <= 1 || has(path)) {
    return;
  }
  add_directory(path.substr(0, path.rfind('/')));
  seen_.emplace(path);
  entry(path, {}, S_IFDIR | 0755U);
}

void CpioWriter::add_file(std::string_view path, std::string_view content, std::uint32_t mode) {
  if (has(path)) {
    return;
  }
  if (content.size() > UINT32_MAX) {
    failed_ = EFBIG; // the format's size field
    return;
  }
  add_directory(path.substr(0, path.rfind('/')));
  seen_.emplace(path);
  entry(path, content, S_IFREG | mode);
}

Result<UniqueFd> CpioWriter::finish() {
  entry("TRAILER!!!", {}, 0);
  if (failed_ != 0) {
    return fail_errno(failed_, "cannot write the initramfs into memory");
  }
  return std::move(fd_);
}

} // namespace schedrig::lab
