// SPDX-License-Identifier: MIT
// MachineWatch: the watch facet. Part of MockMachine. While a slot is armed, memory is brought up
// to date behind each event of the simulation: it takes some microseconds for each, and more with
// many tasks. What the simulation does stays the same. Thread: the host's.
#pragma once

#include <schedrig/watch.hpp>

#include "plugins/mock/kernel/watches.hpp"

namespace schedrig::mock {

// Final, which a declaration cannot say. NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor)
class MockMachine;

class MachineWatch final : public WatchFacet {
 public:
  explicit MachineWatch(MockMachine& machine) : machine_(machine) {}

  // An event is over, or a tick's time has come.
  void look();
  // The host has written to memory.
  void forget();
  [[nodiscard]] bool any() const { return watches_.any(); }
  void clear();

  Status arm(std::uint32_t slot, const WatchSpec& spec) noexcept override;
  Status disarm(std::uint32_t slot) noexcept override;
  Status hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink) noexcept override;

 private:
  [[nodiscard]] Status check(std::string_view what) const;

  MockMachine& machine_;
  Watches watches_;
};

} // namespace schedrig::mock
