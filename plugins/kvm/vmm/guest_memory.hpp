// SPDX-License-Identifier: MIT
// GuestMemory: the guest's RAM, one memfd mapped MAP_SHARED at guest-physical 0.
//
// Every access checks bounds first, overflow included; no pointer into RAM is handed out without
// its length having been checked. The guest writes concurrently: copy first, then validate.
// Ownership: mapping and memfd. Thread: any (plain memory; races with the guest are the caller's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include <schedrig/result.hpp>

#include "layout.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

class GuestMemory {
 public:
  // Errors: size not a multiple of a page or outside kMinMemoryBytes..kMaxMemoryBytes (unless
  // `small` guests are asked for, as probes do), memfd_create, ftruncate, mmap.
  [[nodiscard]] static Result<GuestMemory> create(std::uint64_t bytes, bool small = false);

  GuestMemory(GuestMemory&& other) noexcept;
  GuestMemory& operator=(GuestMemory&&) = delete;
  ~GuestMemory();

  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // The host's view of [gpa, gpa + bytes), empty when any of it lies outside RAM or bytes is 0.
  [[nodiscard]] std::span<std::byte> slice(Gpa gpa, std::uint64_t bytes) const noexcept;

  [[nodiscard]] Result<> write(Gpa gpa, std::span<const std::byte> data) const;
  [[nodiscard]] Result<> read(Gpa gpa, std::span<std::byte> data) const;

  template <class T> [[nodiscard]] Result<> write_object(Gpa gpa, const T& object) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(gpa, std::as_bytes(std::span(&object, 1)));
  }

 private:
  GuestMemory(UniqueFd fd, std::byte* base, std::uint64_t bytes) noexcept;

  UniqueFd fd_;
  std::byte* base_ = nullptr;
  std::uint64_t bytes_ = 0;
};

} // namespace schedrig::kvm
