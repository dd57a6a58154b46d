// SPDX-License-Identifier: MIT
// The freeze facet. Between calls of the host no virtual time passes, so that a simulated machine
// stands still anyway: what a window costs, and a CPU that comes late to it, is modelled.
#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

// About what a host with hardware virtualization takes: it kicks one CPU after the other, and waits
// for the exit of the last.
constexpr Nanos kRendezvousNs = 20'000;
constexpr Nanos kEachCpuNs = 1'000;

} // namespace

Nanos MockMachine::window_cost() const {
  return kRendezvousNs + kEachCpuNs * engine_.cpus();
}

Status MockMachine::freeze(std::int64_t timeout_ns) noexcept {
  return guard("freeze", [&]() -> Status {
    if (Status status = check_up("freeze"); !status.ok()) {
      return status;
    }
    if (frozen_) {
      return Status::make(StatusCode::kInvalidArgument, "freeze: the CPUs stand still already");
    }
    const LateCpu late = faults_.late_cpu(clock(), engine_.cpus());
    if (late.by > timeout_ns) {
      return Status::make(StatusCode::kTimeout, "freeze: CPU " + std::to_string(late.cpu) +
                                                    " did not stand still within " +
                                                    std::to_string(timeout_ns / 1'000'000) +
                                                    " ms; the machine goes on");
    }
    frozen_ = true;
    window_ns_ = window_cost() + late.by;
    return {};
  });
}

Status MockMachine::thaw(std::int64_t* frozen_ns) noexcept {
  if (!frozen_) {
    return Status::make(StatusCode::kInvalidArgument, "thaw: the CPUs run");
  }
  frozen_ = false;
  *frozen_ns = window_ns_;
  return {};
}

} // namespace schedrig::mock
