// SPDX-License-Identifier: MIT
// GuestMemory: the guest's RAM, one mapping; the guest sees it in one or two ranges
// (ram_layout.hpp). It is a memfd of its own, mapped MAP_SHARED, or a copy of an image that costs
// nothing until it is written to.
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
#include <vector>

#include <schedrig/result.hpp>

#include "layout.hpp"
#include "ram_image.hpp"
#include "ram_layout.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

struct Reverted {
  std::uint64_t pages = 0; // that had changed
  bool copied = false;     // one by one; else all dropped
};

class GuestMemory {
 public:
  // Errors: size not a multiple of a page or outside kMinMemoryBytes..kMaxMemoryBytes (unless
  // `small` guests are asked for, as probes do), memfd_create, ftruncate, mmap.
  [[nodiscard]] static Result<GuestMemory> create(std::uint64_t bytes, bool small = false);

  // A copy of the image, page by page as they are written. Needs the image only while it is made.
  [[nodiscard]] static Result<GuestMemory> create_over(const RamImage& image);

  GuestMemory(GuestMemory&& other) noexcept;
  GuestMemory& operator=(GuestMemory&&) = delete;
  ~GuestMemory();

  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_; }

  [[nodiscard]] std::vector<RamRange> ranges() const { return ram_ranges(bytes_); }
  [[nodiscard]] std::byte* base() const noexcept { return base_; } // of offset 0

  // The host's view of [gpa, gpa + bytes), empty when any of it lies outside RAM or bytes is 0.
  [[nodiscard]] std::span<std::byte> slice(Gpa gpa, std::uint64_t bytes) const noexcept;

  [[nodiscard]] Result<> write(Gpa gpa, std::span<const std::byte> data) const;
  // As write, for much that nobody has touched yet: by the descriptor, without a page fault of this
  // process for each page, in less than half the time. kOs: no memory left, unreadable `data`.
  // Not of a copy.
  [[nodiscard]] Result<> load(Gpa gpa, std::span<const std::byte> data) const;
  [[nodiscard]] Result<> read(Gpa gpa, std::span<std::byte> data) const;

  template <class T> [[nodiscard]] Result<> write_object(Gpa gpa, const T& object) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(gpa, std::as_bytes(std::span(&object, 1)));
  }

  // The following need that nobody writes to RAM meanwhile.
  // Its file becomes an image, and this memory a copy of it. Not of a copy.
  [[nodiscard]] Result<RamImage> become_image();
  // An image of a copy of `base`.
  [[nodiscard]] Result<RamImage> copy_image(const RamImage& base) const;
  // Pages of a copy that are its own, changed or not, in order.
  [[nodiscard]] Result<std::vector<PageRun>> changed_pages() const;
  // Makes these pages of a copy its own before anyone writes to them. A page that a guest writes to
  // first takes a fault in which the other CPUs may not fault, too; here it is one call for a run.
  void prepare_writes(std::span<const PageRun> pages) const noexcept;
  // A copy of `image` as it was at first. kUnsupported: too much has changed, another copy costs
  // less.
  [[nodiscard]] Result<Reverted> revert(const RamImage& image);

 private:
  GuestMemory(UniqueFd fd, std::byte* base, std::uint64_t bytes) noexcept;
  [[nodiscard]] Result<> map_original(const RamImage& image);

  UniqueFd fd_;
  std::byte* base_ = nullptr;
  std::uint64_t bytes_ = 0;
  const std::byte* original_ = nullptr; // of a copy that has been reverted: its image, to read from
};

} // namespace schedrig::kvm
