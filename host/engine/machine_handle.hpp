// SPDX-License-Identifier: MIT
// MachineHandle: owns a machine of a backend for the time of a run. Detaches it from the run's
// cancellation and destroys it, unless it was released. Thread: host.
#pragma once

#include <utility>

#include <schedrig/backend.hpp>
#include <schedrig/result.hpp>

#include "host/engine/cancellation.hpp"

namespace schedrig::engine {

class MachineHandle {
 public:
  static Result<MachineHandle> create(Backend& backend, const MachineSpec& spec, EventSink& events,
                                      Cancellation& cancellation) {
    Machine* machine = nullptr;
    TRY(from_status(backend.create_machine(spec, events, &machine)));
    return MachineHandle(backend, *machine, cancellation);
  }
  MachineHandle(Backend& backend, Machine& machine, Cancellation& cancellation)
      : backend_(backend), cancellation_(cancellation), machine_(&machine) {
    cancellation_.attach(machine_);
  }

  MachineHandle(MachineHandle&& other) noexcept
      : backend_(other.backend_), cancellation_(other.cancellation_), machine_(other.machine_) {
    other.machine_ = nullptr;
  }
  MachineHandle& operator=(MachineHandle&&) = delete;
  ~MachineHandle() {
    if (machine_ != nullptr) {
      cancellation_.attach(nullptr);
      backend_.destroy_machine(machine_);
    }
  }

  // The machine is the caller's from now on.
  [[nodiscard]] Machine* release() {
    cancellation_.attach(nullptr);
    return std::exchange(machine_, nullptr);
  }

  [[nodiscard]] Machine& operator*() const { return *machine_; }
  [[nodiscard]] Machine* operator->() const { return machine_; }

 private:
  Backend& backend_;
  Cancellation& cancellation_;
  Machine* machine_;
};

} // namespace schedrig::engine
