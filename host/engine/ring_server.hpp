// SPDX-License-Identifier: MIT
// RingServer: the consumer of a machine's submission ring (schedrig/ring_consumer.hpp) and what is
// reported of it. Knows no operation. Thread: host. Does not own the ring's memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <schedrig/ring_consumer.hpp>
#include <schedrig/ring_facet.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

class RingServer {
 public:
  // `facet` outlives it; its region has SCHEDRIG_RING_REGION_BYTES.
  explicit RingServer(RingFacet& facet)
      : facet_(facet), memory_(ring_of(facet), registers_of(facet)), consumer_(memory_) {}

  // Answers the doorbells since the last call, or looks whether there is room again. `execute` as
  // RingConsumer::drain has it.
  template <class Execute> void serve(Execute&& execute) {
    const std::uint64_t rung = facet_.take_doorbells();
    doorbells_ += rung;
    if (rung == 0 && !stalled_ && !look_again_) {
      return;
    }
    look_again_ = false;
    RingDrain done;
    int drains = 0;
    do {
      done = consumer_.drain(execute);
    } while (done.more_coming && done.entries != 0 && ++drains < kMostDrains);
    stalled_ = done.stalled;
  }

  // An operation that was pending is done; `flags` are its entry's.
  void complete_pending(std::uint64_t user_data, std::uint16_t flags, const RingResult& result) {
    consumer_.complete_pending(user_data, flags, result);
    look_again_ = true; // a barrier may have waited for it, or for its room
  }

  // It ended for want of room for a completion.
  [[nodiscard]] bool stalled() const noexcept { return stalled_; }
  [[nodiscard]] std::span<std::uint8_t> data() const {
    return facet_.region().subspan(SCHEDRIG_RING_DATA_OFFSET, SCHEDRIG_RING_DATA_BYTES);
  }
  [[nodiscard]] RingRecord record() const {
    const RingCounts& counts = consumer_.counts();
    const RingFault fault = consumer_.fault();
    return {.doorbells = doorbells_,
            .submitted = counts.entries,
            .completed = counts.completions,
            .failed = counts.failed,
            .canceled = counts.canceled,
            .stalls = counts.stalls,
            .largest_batch = counts.largest_batch,
            .uncollected = uncollected(),
            .fault = fault == RingFault::kNone ? "" : std::string(to_string(fault))};
  }

 private:
  // A program that always has more to come does not hold the run up: its next doorbell goes on.
  static constexpr int kMostDrains = 4;

  static schedrig_ring& ring_of(RingFacet& facet) {
    return *reinterpret_cast<schedrig_ring*>(facet.region().data() + SCHEDRIG_RING_OFFSET);
  }
  static schedrig_ring_registers& registers_of(RingFacet& facet) {
    return *reinterpret_cast<schedrig_ring_registers*>(facet.region().data());
  }
  // A program may have written anything there.
  [[nodiscard]] std::uint32_t uncollected() const {
    const std::uint32_t left =
        memory_.load(RingIndex::kCompleteHead) - memory_.load(RingIndex::kCompleteTail);
    return left <= SCHEDRIG_RING_SLOTS ? left : 0;
  }

  RingFacet& facet_;
  RingMemory memory_;
  RingConsumer<RingMemory> consumer_;
  std::uint64_t doorbells_ = 0;
  bool stalled_ = false;
  bool look_again_ = false;
};

} // namespace schedrig::engine
