// SPDX-License-Identifier: MIT
// Watches: words of the simulated machine's memory, and how often its kernel has changed them. A
// write of the value that is there already is none; what one event of the simulation changes twice
// counts once. Thread: one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <schedrig/watch.hpp>

#include "plugins/mock/kernel/guest_kernel.hpp"

namespace schedrig::mock {

// Whether the spec's condition holds for it.
[[nodiscard]] bool matches(const WatchSpec& spec, std::uint64_t value);

class Watches {
 public:
  // kInvalidArgument as of the facet. Of memory that is up to date.
  Status arm(std::uint32_t slot, const WatchSpec& spec, const GuestKernel& kernel);
  Status disarm(std::uint32_t slot);
  Status hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink);
  [[nodiscard]] bool any() const;

  // Counts what has changed since the last look. `at_ns`: on the machine's clock.
  void look(const GuestKernel& kernel, std::int64_t at_ns);
  // What is there now is not the kernel's doing.
  void forget(const GuestKernel& kernel);

 private:
  struct Capture {
    WatchCapture found;
    std::vector<std::uint64_t> stack;
  };
  struct Slot {
    bool armed = false;
    WatchSpec spec;
    std::uint64_t physical = 0;
    std::uint64_t value = 0; // when it was looked at last
    WatchCounts counts;
    std::vector<Capture> captures; // that nobody has asked for yet
    std::uint32_t captured = 0;
    std::int64_t captured_at_ns = 0; // the last one
  };

  static void hit(Slot& slot, const GuestKernel& kernel, std::uint64_t value, std::int64_t at_ns);

  std::array<Slot, kWatchSlots> slots_;
};

} // namespace schedrig::mock
