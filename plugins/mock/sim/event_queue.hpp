// SPDX-License-Identifier: MIT
// EventQueue: what happens next on the simulated machine, ordered by time and, at one time, by the
// order of pushing. A 4-ary heap of 24-byte entries: no allocation per event once it has grown.
// Cancelling is by generation: the owner bumps its own and ignores events that carry an old one.
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/mock/sim/costs.hpp"

namespace schedrig::mock {

enum class SimEventKind : std::uint8_t {
  kTick,          // of all CPUs whose tick is armed
  kStep,          // target: CPU; the running task reached the end of what it was doing
  kResched,       // target: CPU; a reschedule interrupt arrives
  kTimer,         // target: task; its sleep is over
  kWatchdog,      // generation: of the attached policy
  kPeriod,        // target: bandwidth; generation: of its limit
  kPolicyTimer,   // generation: of its timer
  kResume,        // target: CPU; generation: of the command that stopped it
  kPhysicalSlice, // target: physical CPU that vCPUs share
};

struct SimEvent {
  Nanos at = 0;
  std::uint64_t order = 0; // sequence << 8 | kind
  std::uint32_t target = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] SimEventKind kind() const { return static_cast<SimEventKind>(order & 0xFFU); }
};
static_assert(sizeof(SimEvent) == 24);

class EventQueue {
 public:
  void push(Nanos at, SimEventKind kind, std::uint32_t target, std::uint32_t generation);
  [[nodiscard]] bool empty() const { return heap_.size() == (hole_at_top_ ? 1 : 0); }
  // Requires: not empty.
  [[nodiscard]] const SimEvent& top() {
    fill_hole();
    return heap_.front();
  }
  SimEvent pop();

 private:
  static constexpr std::size_t kArity = 4;

  [[nodiscard]] static bool before(const SimEvent& a, const SimEvent& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }

  void fill_hole();
  void sink(const SimEvent& event);

  std::vector<SimEvent> heap_;
  // The top was popped and not replaced yet: most events cause one other, which takes its place.
  bool hole_at_top_ = false;
  std::uint64_t sequence_ = 0;
};

} // namespace schedrig::mock
