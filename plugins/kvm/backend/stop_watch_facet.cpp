// SPDX-License-Identifier: MIT
#include "backend/stop_watch_facet.hpp"

#include <chrono>
#include <utility>

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

// As of a freeze window: a CPU leaves the guest within a millisecond, the rest is for a busy host.
constexpr std::chrono::seconds kTimeout{2};

} // namespace

Status VmStopWatch::arm(const WatchSpec& spec, StopSink& sink) noexcept {
  return guard("arm", [&]() -> Result<> {
    WatchSpec once = spec;
    once.max_captures = 1;
    once.min_interval_ns = 0;
    TRY(vm_.arm_stop(once, [&clock = clock_] { return clock.now_ns(); }));
    sink_ = &sink;
    armed_ = true;
    return {};
  });
}

Status VmStopWatch::disarm() noexcept {
  return guard("disarm", [&]() -> Result<> {
    if (!std::exchange(armed_, false)) {
      return fail(StatusCode::kInvalidArgument, "the stop watch is not armed");
    }
    sink_ = nullptr;
    return vm_.disarm(Vm::kStopSlot);
  });
}

void VmStopWatch::look() {
  if (sink_ == nullptr || !vm_.held() || clock_.stands()) {
    return; // in a window the machine stands anyway, and stays where it is behind it
  }
  StopSink& sink = *std::exchange(sink_, nullptr); // to stop it takes output, too
  if (!freezer_.stop(kTimeout)) {
    return; // it goes on, or is lost, which shows elsewhere
  }
  vm_.release();
  auto hits = vm_.take_hits(Vm::kStopSlot);
  if (hits && !hits->captures.empty()) {
    WatchHit& hit = hits->captures.front();
    hit.capture.stack = hit.stack;
    sink.on_stop(hit.capture);
  }
  if (const auto pause = freezer_.go_on()) {
    sink.on_go_on(pause->whole.count());
  }
}

} // namespace schedrig::kvm
