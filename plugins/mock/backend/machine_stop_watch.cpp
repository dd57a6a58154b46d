// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/machine_stop_watch.hpp"

#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

Status MachineStopWatch::check(const WatchSpec& spec) const {
  const auto at = machine_.kernel_.state().exit_kind();
  if (machine_.frozen_ || sink_ != nullptr) {
    return Status::make(StatusCode::kInvalidArgument, sink_ != nullptr
                                                          ? "stop watch: it is armed"
                                                          : "stop watch: the CPUs stand still");
  }
  if (!at || spec.address != *at || spec.bytes != sizeof exit_kind_) {
    return Status::make(StatusCode::kInvalidArgument,
                        "stop watch: " + std::to_string(spec.bytes) + " bytes at " +
                            std::to_string(spec.address) +
                            ": a simulated machine can be stopped by the 4 bytes of the attached "
                            "scheduler's exit_kind alone");
  }
  return {};
}

Status MachineStopWatch::arm(const WatchSpec& spec, StopSink& sink) noexcept {
  return guard("arm", [&]() -> Status {
    if (Status status = machine_.check_state("arm"); !status.ok()) {
      return status;
    }
    if (auto updated = machine_.kernel_.update(); !updated) {
      return to_status(updated);
    }
    if (Status status = check(spec); !status.ok()) {
      return status;
    }
    spec_ = spec;
    sink_ = &sink;
    return {};
  });
}

Status MachineStopWatch::disarm() noexcept {
  if (sink_ == nullptr) {
    return Status::make(StatusCode::kInvalidArgument, "stop watch: it is not armed");
  }
  sink_ = nullptr;
  return {};
}

void MachineStopWatch::on_ejecting(std::int64_t exit_kind) {
  if (sink_ == nullptr || !matches(spec_, static_cast<std::uint64_t>(exit_kind))) {
    return;
  }
  exit_kind_ = static_cast<std::uint32_t>(exit_kind);
  machine_.kernel_.outdate();
  if (machine_.kernel_.update()) { // else memory is full, and who looks later is told
    stop(*sink_);
  }
  exit_kind_ = 0;
  machine_.kernel_.outdate();
}

void MachineStopWatch::stop(StopSink& sink) {
  WatchCapture capture;
  capture.hit = 1;
  capture.at_ns = machine_.clock();
  capture.value = exit_kind_;
  machine_.frozen_ = true;
  sink.on_stop(capture);
  machine_.frozen_ = false;
  sink.on_go_on(machine_.window_cost());
}

} // namespace schedrig::mock
