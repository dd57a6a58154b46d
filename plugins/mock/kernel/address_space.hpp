// SPDX-License-Identifier: MIT
// AddressSpace: the simulated machine's memory as its kernel maps it: the image where KASLR put it,
// all memory in the direct map, and what is allocated for objects. A value: a copy is another
// machine's. Errors: kUnsupported when memory is full. Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <schedrig/result.hpp>

#include "plugins/mock/kernel/layout.hpp"
#include "plugins/mock/kernel/ram.hpp"

namespace schedrig::mock {

struct KernelOptions {
  bool kaslr = false;
  std::uint32_t paging_levels = 4; // or 5
};

class AddressSpace {
 public:
  // Of at least 64 MiB. `seed` is of the distances by which KASLR moves the kernel.
  AddressSpace(std::uint64_t memory_bytes, const KernelOptions& options, std::uint64_t seed);

  // The page tables, and the variables that say where all is. Once, first.
  Result<> map_all();

  [[nodiscard]] const Ram& ram() const { return ram_; }
  [[nodiscard]] Ram& ram() { return ram_; }

  // A place in the image: its linear and its physical address.
  [[nodiscard]] std::uint64_t image(std::uint64_t at) const { return layout::kText + slide_ + at; }
  [[nodiscard]] std::uint64_t image_physical(std::uint64_t at) const { return physical_ + at; }
  // By its address in the direct map.
  [[nodiscard]] std::uint64_t direct(std::uint64_t physical) const {
    return direct_map_ + physical;
  }
  // Of the nth kernel stack's lowest byte: pages of their own, with a hole below each.
  [[nodiscard]] std::uint64_t stack(std::uint32_t number) const {
    return vmalloc_ + number * 2 * layout::kStackBytes;
  }
  Result<> map_stack(std::uint32_t number); // 0, 1, 2, ...
  // Of an address in the image, in the direct map or on a stack; nothing for others.
  [[nodiscard]] std::optional<std::uint64_t> physical_of(std::uint64_t linear) const;
  [[nodiscard]] std::uint64_t cr3() const { return image_physical(layout::kPageTables); }
  [[nodiscard]] std::uint32_t levels() const { return levels_; }

  // Zeros, at a multiple of `alignment`; by the physical address.
  Result<std::uint64_t> allocate(std::uint64_t bytes, std::uint64_t alignment = 64);

 private:
  Result<> map(std::uint64_t linear, std::uint64_t physical, std::uint32_t page_level);

  Ram ram_;
  std::uint32_t levels_;
  std::uint64_t physical_; // of the image
  std::uint64_t slide_ = 0;
  std::uint64_t direct_map_;
  std::uint64_t vmalloc_;
  std::uint64_t next_free_;
  std::vector<std::uint64_t> stacks_; // physical
};

} // namespace schedrig::mock
