// SPDX-License-Identifier: MIT
// ScxWatchdog: a machine's `watchdog` on a real kernel. Sets the timeout of the scheduler that is
// attached, in the kernel's memory, and lengthens it by what the machine's CPUs lose to the host,
// so that no scheduler is ended for what it could not help. Says in the report what it did. Thread:
// host. Borrows everything.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/guest_memory.hpp>
#include <schedrig/result.hpp>
#include <schedrig/watchdog.hpp>

#include "host/engine/kernel_view_targets.hpp"
#include "host/engine/lost_time.hpp"
#include "host/engine/run_report.hpp"
#include "host/kernel_view/watchdog_places.hpp"

namespace schedrig::engine {

// How often lost time is looked at: short beside half of the shortest timeout that makes sense on a
// busy host, long beside the look itself.
inline constexpr std::int64_t kWatchdogLookNs = 100'000'000;

class ScxWatchdog {
 public:
  // Of a machine whose control has a timeout.
  ScxWatchdog(Machine& machine, KernelViewTargets& targets, MemoryFacet& memory,
              WatchdogFacet& control, std::uint32_t cpus)
      : machine_(machine), targets_(targets), memory_(memory), control_(control), cpus_(cpus),
        timeout_ns_(control.timeout_ns()) {}

  // What takes time and needs no scheduler: one that is attached may end within seconds.
  Result<> prepare() { return targets_.prepare(); }
  // A scheduler has been attached; it may be gone by now. Requires prepare(). Errors: what keeps
  // its timeout from being found or set.
  Result<> on_attach();
  // Gives back what was lost; a scheduler that is gone meanwhile needs nothing.
  void look();
  void report(RunReport& report) const;

 private:
  [[nodiscard]] Result<> set_up();
  [[nodiscard]] Result<std::uint64_t> read(std::uint64_t address);
  [[nodiscard]] Result<> write(std::uint64_t address, std::uint64_t value);
  [[nodiscard]] std::uint64_t jiffies_of(std::int64_t ns) const;
  [[nodiscard]] std::vector<std::int64_t> lost_by(std::int64_t guest_ns);

  Machine& machine_;
  KernelViewTargets& targets_;
  MemoryFacet& memory_;
  WatchdogFacet& control_;
  std::uint32_t cpus_;
  std::int64_t timeout_ns_;
  std::optional<kernel_view::WatchdogPlaces> places_; // of the one attached
  std::int64_t asked_ns_ = 0;                         // what it had itself, or timeout_ns_ if less
  std::uint64_t written_ = 0;                         // jiffies
  LostTime lost_time_;
  std::string set_at_;
  std::int64_t set_from_ns_ = 0;
  std::int64_t most_given_ns_ = 0;
};

} // namespace schedrig::engine
