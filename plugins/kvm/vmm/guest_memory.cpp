// SPDX-License-Identifier: MIT
// Guest RAM in a memfd.
#include "guest_memory.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace schedrig::kvm {
namespace {

Error outside(Gpa gpa, std::uint64_t bytes, std::uint64_t size) {
  return Error{StatusCode::kInvalidArgument,
               "guest-physical range at " + std::to_string(gpa) + ", " + std::to_string(bytes) +
                   " bytes: outside the guest's " + std::to_string(size) + " bytes of RAM",
               {},
               0};
}

} // namespace

Result<GuestMemory> GuestMemory::create(std::uint64_t bytes, bool small) {
  if (bytes == 0 || bytes % kPageSize != 0) {
    return fail(StatusCode::kInvalidArgument,
                "guest memory of " + std::to_string(bytes) + " bytes: not a multiple of 4 KiB");
  }
  if (!small && bytes < kMinMemoryBytes) {
    return fail(StatusCode::kInvalidArgument,
                "guest memory of " + std::to_string(bytes >> 20) + " MiB: too small for a kernel",
                "give the machine at least " + std::to_string(kMinMemoryBytes >> 20) + " MiB");
  }
  if (bytes > kMaxMemoryBytes) {
    return fail(StatusCode::kUnsupported,
                "guest memory of " + std::to_string(bytes >> 20) + " MiB: too much",
                "give the machine at most " + std::to_string(kMaxMemoryBytes >> 20) + " MiB");
  }
  UniqueFd fd(::memfd_create("schedrig-guest-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) {
    return fail_errno(errno, "memfd_create");
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    return fail_errno(errno, "ftruncate of guest memory to " + std::to_string(bytes) + " bytes");
  }
  // MAP_NORESERVE: a guest touches a part of what it is given.
  void* base =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd.get(), 0);
  if (base == MAP_FAILED) {
    return fail_errno(errno, "mmap of " + std::to_string(bytes) + " bytes of guest memory");
  }
  // A core dump of the VMM must not drag the guest's RAM along; failure costs only disk space.
  ::madvise(base, bytes, MADV_DONTDUMP);
  // Where the host has pages of 2 MiB for shared memory on request, the guest's page walks are
  // shorter and its first touches fewer; elsewhere this changes nothing.
  ::madvise(base, bytes, MADV_HUGEPAGE);
  return GuestMemory(std::move(fd), static_cast<std::byte*>(base), bytes);
}

GuestMemory::GuestMemory(UniqueFd fd, std::byte* base, std::uint64_t bytes) noexcept
    : fd_(std::move(fd)), base_(base), bytes_(bytes) {}

GuestMemory::GuestMemory(GuestMemory&& other) noexcept
    : fd_(std::move(other.fd_)), base_(std::exchange(other.base_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)), original_(std::exchange(other.original_, nullptr)) {}

GuestMemory::~GuestMemory() {
  if (base_ != nullptr) {
    ::munmap(base_, bytes_);
  }
  if (original_ != nullptr) {
    ::munmap(const_cast<std::byte*>(original_), bytes_);
  }
}

std::span<std::byte> GuestMemory::slice(Gpa gpa, std::uint64_t bytes) const noexcept {
  const auto offset = ram_offset(bytes_, gpa, bytes);
  return offset ? std::span(base_ + *offset, bytes) : std::span<std::byte>();
}

Result<> GuestMemory::write(Gpa gpa, std::span<const std::byte> data) const {
  if (data.empty()) {
    return {};
  }
  const auto room = slice(gpa, data.size());
  if (room.empty()) {
    return std::unexpected(outside(gpa, data.size(), bytes_));
  }
  std::memcpy(room.data(), data.data(), data.size());
  return {};
}

Result<> GuestMemory::load(Gpa gpa, std::span<const std::byte> data) const {
  const auto room = slice(gpa, data.size());
  if (room.empty() && !data.empty()) {
    return std::unexpected(outside(gpa, data.size(), bytes_));
  }
  auto offset = room.data() - base_;
  while (!data.empty()) {
    const ssize_t wrote = ::pwrite(fd_.get(), data.data(), data.size(), offset);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return fail_errno(wrote < 0 ? errno : EIO,
                        "write of " + std::to_string(data.size()) + " bytes to guest memory");
    }
    data = data.subspan(static_cast<std::size_t>(wrote));
    offset += wrote;
  }
  return {};
}

Result<> GuestMemory::read(Gpa gpa, std::span<std::byte> data) const {
  if (data.empty()) {
    return {};
  }
  const auto room = slice(gpa, data.size());
  if (room.empty()) {
    return std::unexpected(outside(gpa, data.size(), bytes_));
  }
  std::memcpy(data.data(), room.data(), data.size());
  return {};
}

} // namespace schedrig::kvm
