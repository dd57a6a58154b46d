// SPDX-License-Identifier: MIT
// RamImage: a machine's RAM as it was at one moment, in a file that nobody writes to any more: a
// sealed memfd, or a file on disk. Ownership: the descriptor. Thread: any.
#pragma once

#include <cstdint>

#include "unique_fd.hpp"

namespace schedrig::kvm {

struct RamImage {
  UniqueFd fd; // RAM from offset 0 on; holes are zeros
  std::uint64_t bytes = 0;
};

// [offset, offset + bytes) of RAM, whole pages.
struct PageRun {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const PageRun&, const PageRun&) = default;
};

} // namespace schedrig::kvm
