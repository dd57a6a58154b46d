// SPDX-License-Identifier: MIT
// The ring facet: the memory of a machine's submission ring (ring.h) and how often its doorbell was
// rung. Who carries the entries out is the host, on its one thread, as all kernel ops. A machine
// whose config asks for no ring lacks the facet.
//
// When the doorbell rings, waits of the machine end with WakeReason::kEvent.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace schedrig {

class RingFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.ring/1";

  // [host-thread] SCHEDRIG_RING_REGION_BYTES, page-aligned, laid out and running when the machine
  // boots; the machine's, and there as long as it is. Programs in the machine write to it at any
  // time.
  [[nodiscard]] virtual std::span<std::uint8_t> region() noexcept = 0;

  // [host-thread] How often the doorbell was rung since this was last asked.
  [[nodiscard]] virtual std::uint64_t take_doorbells() noexcept = 0;

 protected:
  ~RingFacet() = default;
};

} // namespace schedrig
