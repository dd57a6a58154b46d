// SPDX-License-Identifier: MIT
// MachineRing: the simulated machine's submission ring. Its doorbell is the register: whoever
// writes to it, between two waits of the machine, has the next one end at once. No thread serves
// it: the host's own does, at a time of the machine's clock, so that a run stays what its seed
// says. Thread: host.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <schedrig/ring.hpp>
#include <schedrig/ring_facet.hpp>

namespace schedrig::mock {

class MachineRing final : public RingFacet {
 public:
  explicit MachineRing(bool enabled)
      : region_(enabled ? std::make_unique<RingRegion>() : nullptr) {}

  [[nodiscard]] bool enabled() const noexcept { return region_ != nullptr; }
  [[nodiscard]] bool rung() const noexcept {
    return enabled() && __atomic_load_n(&region_->registers.doorbell, __ATOMIC_ACQUIRE) != 0;
  }

  std::span<std::uint8_t> region() noexcept override {
    return {reinterpret_cast<std::uint8_t*>(region_.get()), enabled() ? sizeof(RingRegion) : 0};
  }
  std::uint64_t take_doorbells() noexcept override {
    return enabled() && __atomic_exchange_n(&region_->registers.doorbell, 0, __ATOMIC_ACQ_REL) != 0
               ? 1
               : 0;
  }
  // As at first: programs do not outlive their machine.
  void reset() {
    if (enabled()) {
      std::construct_at(region_.get()); // in its place, which others have been told of
    }
  }

 private:
  std::unique_ptr<RingRegion> region_; // null: the machine has none
};

} // namespace schedrig::mock
