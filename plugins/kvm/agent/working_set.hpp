// SPDX-License-Identifier: MIT
// WorkingSet: passes of read-modify-writes over a worker's footprint. Thread: the worker's only.
#pragma once

#include "agent/work_loop.hpp"

namespace schedrig::agent {

class WorkingSet {
 public:
  explicit WorkingSet(const WorkSpec& spec) noexcept
      : memory_(map_memory(spec.footprint_bytes)), bytes_(spec.footprint_bytes),
        stride_(spec.stride_bytes) {}

  // Every stride bytes of it once; a unit of work is kSpinUnit touches, or what is left.
  void pass(const WorkerContext& context, Meter& meter) noexcept;

 private:
  std::byte* memory_; // until the process ends
  std::uint64_t bytes_;
  std::uint32_t stride_;
  Pace pace_;
};

} // namespace schedrig::agent
