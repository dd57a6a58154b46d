// SPDX-License-Identifier: MIT
// RunObserver: who wants to see a run while it goes on (console, tests). Called on the host
// thread; must return quickly.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/backend.hpp>

#include "host/engine/run_report.hpp"

namespace schedrig::engine {

class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_phase(std::string_view /*phase*/) {}
  virtual void on_step(std::uint32_t /*number*/, std::uint32_t /*of*/, std::string_view /*name*/) {}
  virtual void on_op(const OpRecord& /*op*/) {}
  // Progress of a hold; called at its start, at most every 100 ms of machine time, at its end.
  virtual void on_hold(std::int64_t /*elapsed_ns*/, std::int64_t /*total_ns*/) {}
  virtual void on_machine_event(const Event& /*event*/) {}
};

} // namespace schedrig::engine
