// SPDX-License-Identifier: MIT
#include "host/engine/watched_machine.hpp"

#include <algorithm>

#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {

Status WatchedMachine::wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept {
  while (true) {
    const std::int64_t until = std::min(deadline_ns, machine_.now_ns() + kWatchdogLookNs);
    Status waited = machine_.wait_until(until, reason);
    if (waited.ok()) {
      watchdog_.look();
    }
    if (!waited.ok() || *reason != WakeReason::kDeadline || until == deadline_ns) {
      return waited;
    }
  }
}

Status WatchedMachine::attach(std::string_view id, Plugin& scheduler, ParamsView params,
                              std::int64_t timeout_ns) noexcept {
  if (id == kKernelsOwn) {
    return schedulers_.attach(id, scheduler, params, timeout_ns);
  }
  if (const auto prepared = watchdog_.prepare(); !prepared) {
    return to_status(prepared.error());
  }
  Status attached = schedulers_.attach(id, scheduler, params, timeout_ns);
  if (!attached.ok()) {
    return attached;
  }
  const auto set = watchdog_.on_attach();
  return set ? attached : to_status(set.error());
}

} // namespace schedrig::engine
