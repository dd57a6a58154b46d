// SPDX-License-Identifier: MIT
// The stop watch facet: a watch (watch.hpp) whose first match makes the machine stand still, as it
// is right behind that write: for what must be looked at before anything is cleaned up.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>
#include <schedrig/watch.hpp>

namespace schedrig {

class StopSink {
 public:
  // [host-thread] From inside any call to the machine or its facets. The machine stands still as in
  // a freeze window until this returns: memory and vCPUs may be asked, no other facet. The CPU that
  // wrote has gone no further; others have run on for the microseconds that stopping them takes.
  virtual void on_stop(const WatchCapture& capture) noexcept = 0;

  // [host-thread] It goes on. frozen_ns: as of FreezeFacet::thaw.
  virtual void on_go_on(std::int64_t frozen_ns) noexcept = 0;

 protected:
  ~StopSink() = default;
};

class StopWatchFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.stop_watch/1";

  // [host-thread] One at a time, on every CPU, beside the watches of WatchFacet: it has slot 0.
  // Of the spec `max_captures` and `min_interval_ns` do not matter. It stops the machine once;
  // after that it is to be disarmed. The sink outlives the watch. Errors: as WatchFacet::arm.
  virtual Status arm(const WatchSpec& spec, StopSink& sink) noexcept = 0;

  // [host-thread] The sink is not called from here on. A machine that was about to stand still goes
  // on. kInvalidArgument: it is not armed.
  virtual Status disarm() noexcept = 0;

 protected:
  ~StopWatchFacet() = default;
};

} // namespace schedrig
