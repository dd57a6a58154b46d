// SPDX-License-Identifier: MIT
#include "backend/watch_facet.hpp"

#include <algorithm>

#include <schedrig/export.hpp>

namespace schedrig::kvm {

Status VmWatch::arm(std::uint32_t slot, const WatchSpec& spec) noexcept {
  return guard("arm",
               [&] { return vm_.arm(slot, spec, [&clock = clock_] { return clock.now_ns(); }); });
}

Status VmWatch::disarm(std::uint32_t slot) noexcept {
  return guard("disarm", [&] { return vm_.disarm(slot); });
}

Status VmWatch::hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink) noexcept {
  return guard("hits", [&]() -> Result<> {
    WatchHits found = TRY(vm_.take_hits(slot));
    // vCPUs look while others do, and come back in another order.
    std::ranges::sort(found.captures, {}, [](const WatchHit& hit) { return hit.capture.hit; });
    *counts = found.counts;
    for (WatchHit& hit : found.captures) {
      hit.capture.stack = hit.stack;
      sink.on_capture(hit.capture);
    }
    return {};
  });
}

} // namespace schedrig::kvm
