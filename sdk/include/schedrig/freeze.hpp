// SPDX-License-Identifier: MIT
// The freeze facet: stops all CPUs of the machine at once and lets them go on. What lies between is
// a freeze window: the machine executes nothing, so that none of its CPUs sees memory half-changed.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

class FreezeFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.freeze/1";

  // [host-thread] Ok: every CPU stands still until thaw(), and the machine's clock with them.
  // kTimeout: one has not stopped within timeout_ns of host time; the text names it, and all run
  // again. kInvalidArgument: they stand still already.
  virtual Status freeze(std::int64_t timeout_ns) noexcept = 0;

  // [host-thread] Lets them go on. *frozen_ns: for how long the machine did no work, from the first
  // CPU that stopped to the last that went on; host time, or the cost that a simulated machine
  // gives it. kInvalidArgument: they run. kGuestFailed: they do not go on.
  virtual Status thaw(std::int64_t* frozen_ns) noexcept = 0;

 protected:
  ~FreezeFacet() = default;
};

} // namespace schedrig
