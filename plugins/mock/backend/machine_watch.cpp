// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/machine_watch.hpp"

#include <algorithm>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

bool MockMachine::run_events(Nanos until, const std::atomic<bool>& wake) {
  // On an idle machine there are no events, but its clock ticks.
  while (watch_.any() && engine_.now() < until) {
    const Nanos next_tick = (engine_.now() / kTickNs + 1) * kTickNs;
    if (!engine_.run_until(std::min(until, next_tick), wake)) {
      return false;
    }
    watch_.look();
  }
  return engine_.run_until(until, wake);
}

void MachineWatch::look() {
  if (!watches_.any()) {
    return;
  }
  machine_.kernel_.outdate();
  if (machine_.kernel_.update()) { // else memory is full, and the next who looks is told
    watches_.look(machine_.kernel_.state(), machine_.clock());
  }
}

void MachineWatch::forget() {
  watches_.forget(machine_.kernel_.state());
}

void MachineWatch::clear() {
  watches_ = {};
  machine_.engine_.tell_events(false);
}

Status MachineWatch::check(std::string_view what) const {
  if (Status status = machine_.check_state(what); !status.ok()) {
    return status;
  }
  return machine_.frozen_ ? Status::make(StatusCode::kInvalidArgument,
                                         std::string(what) + ": the CPUs stand still")
                          : Status{};
}

Status MachineWatch::arm(std::uint32_t slot, const WatchSpec& spec) noexcept {
  return guard("arm", [&]() -> Status {
    if (Status status = check("arm"); !status.ok()) {
      return status;
    }
    if (auto updated = machine_.kernel_.update(); !updated) {
      return to_status(updated);
    }
    Status status = watches_.arm(slot, spec, machine_.kernel_.state());
    machine_.engine_.tell_events(watches_.any());
    return status;
  });
}

Status MachineWatch::disarm(std::uint32_t slot) noexcept {
  return guard("disarm", [&]() -> Status {
    if (Status status = check("disarm"); !status.ok()) {
      return status;
    }
    look();
    Status status = watches_.disarm(slot);
    machine_.engine_.tell_events(watches_.any());
    return status;
  });
}

Status MachineWatch::hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink) noexcept {
  return guard("hits", [&] { return watches_.hits(slot, counts, sink); });
}

} // namespace schedrig::mock
