// SPDX-License-Identifier: MIT
// WatchedMachine: a machine whose sched_ext watchdog is held to a timeout (ScxWatchdog): at each
// attach, and every kWatchdogLookNs of its waits. Everything else goes to the machine itself.
// Thread: host, but for what Machine says. Borrows all.
#pragma once

#include <string_view>

#include <schedrig/backend.hpp>
#include <schedrig/schedulers.hpp>

#include "host/engine/scx_watchdog.hpp"

namespace schedrig::engine {

class WatchedMachine final : public Machine, private SchedulersFacet {
 public:
  // The machine must have the schedulers facet.
  WatchedMachine(Machine& machine, ScxWatchdog& watchdog)
      : machine_(machine), schedulers_(*schedrig::query<SchedulersFacet>(machine)),
        watchdog_(watchdog) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == SchedulersFacet::kInterfaceId ? static_cast<SchedulersFacet*>(this)
                                                         : machine_.query(interface_id);
  }
  Status boot(std::int64_t timeout_ns) noexcept override { return machine_.boot(timeout_ns); }
  [[nodiscard]] std::int64_t now_ns() noexcept override { return machine_.now_ns(); }
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override;
  void interrupt() noexcept override { machine_.interrupt(); }
  void describe(FactSink& sink) noexcept override { machine_.describe(sink); }
  Status shut_down(std::int64_t timeout_ns) noexcept override {
    return machine_.shut_down(timeout_ns);
  }

 private:
  Status can_attach(std::string_view id, Plugin& scheduler) noexcept override {
    return schedulers_.can_attach(id, scheduler);
  }
  // Errors besides the machine's: the scheduler is attached and its timeout cannot be set.
  Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                std::int64_t timeout_ns) noexcept override;
  Status detach(std::int64_t timeout_ns) noexcept override {
    return schedulers_.detach(timeout_ns);
  }

  Machine& machine_;
  SchedulersFacet& schedulers_;
  ScxWatchdog& watchdog_;
};

} // namespace schedrig::engine
