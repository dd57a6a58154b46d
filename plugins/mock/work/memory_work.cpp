// SPDX-License-Identifier: MIT
// Work types that live off page faults. Those of caches are loops of passes (workers.cpp); what
// another CPU's cache costs them is the engine's business (Engine::refill_caches).
#include <algorithm>

#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// A page faults at its first touch after MADV_DONTNEED.
Action Workers::next_faults(Worker& worker, const WorkSpec& spec) {
  switch (worker.phase++) {
  case 0: {
    const std::uint64_t pages = std::max<std::uint64_t>(spec.footprint_bytes / kPageBytes, 1);
    page_stamps_.resize(std::max<std::size_t>(page_stamps_.size(), pages));
    if (++stamp_ == 0) { // wrapped: old stamps would look new
      std::ranges::fill(page_stamps_, 0);
      stamp_ = 1;
    }
    worker.faulted = 0;
    for (std::uint32_t i = 0; i < spec.touches; ++i) {
      std::uint32_t& page = page_stamps_[pages_.below(pages)];
      worker.faulted += page == stamp_ ? 0 : 1;
      page = stamp_;
    }
    stats_.minor_faults += worker.faulted;
    return {.kind = ActionKind::kOverhead,
            .ns = (static_cast<Nanos>(worker.faulted) * kMinorFaultNs) +
                  (static_cast<Nanos>(spec.touches) * kCacheTouchNs)};
  }
  case 1:
    return compute(units_ns(spec.burst_iterations));
  default:
    worker.phase = 0;
    ++worker.iterations;
    return {.kind = ActionKind::kOverhead,
            .ns = kSyscallNs + (static_cast<Nanos>(worker.faulted) * kFreePageNs)};
  }
}

} // namespace schedrig::mock
