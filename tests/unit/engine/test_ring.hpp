// SPDX-License-Identifier: MIT
// TestRing: a machine's submission ring, with the program in this process.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <schedrig/ring.hpp>
#include <schedrig/ring_facet.hpp>

namespace schedrig::engine {

class TestRing final : public RingFacet {
 public:
  TestRing() : region_(std::make_unique<RingRegion>()) {}

  std::span<std::uint8_t> region() noexcept override {
    return {reinterpret_cast<std::uint8_t*>(region_.get()), sizeof(RingRegion)};
  }
  std::uint64_t take_doorbells() noexcept override { return std::exchange(rung, 0); }

  RingRegion& memory() { return *region_; }

  std::uint64_t rung = 0;

 private:
  std::unique_ptr<RingRegion> region_;
};

} // namespace schedrig::engine
