// SPDX-License-Identifier: MIT
// Opening and mapping.
#include "mapped_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "unique_fd.hpp"

namespace schedrig::kvm {

Result<MappedFile> MappedFile::open(const std::string& path, std::uint64_t limit) {
  // O_NONBLOCK: opening a FIFO by mistake must not hang.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return fail_errno(errno, "open " + path);
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno(errno, "stat " + path);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(StatusCode::kInvalidArgument, path + ": not a regular file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit) {
    return fail(StatusCode::kBadData, path + ": " + std::to_string(size) + " bytes, at most " +
                                          std::to_string(limit) + " are read");
  }
  if (size == 0) {
    return MappedFile(); // nothing to map
  }
  void* base = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (base == MAP_FAILED) {
    return fail_errno(errno, "mmap of " + path);
  }
  return MappedFile(std::span(static_cast<const std::byte*>(base), size));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
}

} // namespace schedrig::kvm
