// SPDX-License-Identifier: MIT
// The schedulers facet: which scheduler the machine runs.
//
// A backend queries the scheduler plugin for the realisation it can use: schedrig.sim_policy/1 on
// a simulated machine. The plugin `eevdf` stands for the kernel's own scheduler: on a real kernel
// it is "nothing attached".
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/params.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

class SchedulersFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.schedulers/1";

  // [host-thread] Whether this machine could attach the plugin; kUnsupported says what is missing.
  // Allowed before boot, so that a run is refused before anything starts.
  virtual Status can_attach(std::string_view id, Plugin& scheduler) noexcept = 0;

  // [host-thread] Attaches and waits until it really is. kAlreadyExists names the one attached.
  virtual Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                        std::int64_t timeout_ns) noexcept = 0;
  // [host-thread] Back to the machine's default. kNotFound when nothing is attached.
  virtual Status detach(std::int64_t timeout_ns) noexcept = 0;

 protected:
  ~SchedulersFacet() = default;
};

} // namespace schedrig
