// SPDX-License-Identifier: MIT
// The ring facet over the VM: its memory as it is, and the doorbells that the channel heard of.
// Thread: host thread.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include <schedrig/ring_facet.hpp>

#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmRing final : public RingFacet {
 public:
  // `vm` outlives it.
  explicit VmRing(const Vm& vm) noexcept : vm_(vm) {}

  std::span<std::uint8_t> region() noexcept override {
    const auto memory = vm_.ring_memory();
    return {reinterpret_cast<std::uint8_t*>(memory.data()), memory.size()};
  }
  std::uint64_t take_doorbells() noexcept override { return std::exchange(rung_, 0); }

  [[nodiscard]] bool there() const noexcept { return !vm_.ring_memory().empty(); }
  // Whether these are news that a wait ends for.
  bool rung(std::uint64_t times) noexcept {
    rung_ += times;
    return times != 0;
  }
  // The machine is another one.
  void forget() noexcept { rung_ = 0; }

 private:
  const Vm& vm_;
  std::uint64_t rung_ = 0;
};

} // namespace schedrig::kvm
