// SPDX-License-Identifier: MIT
// A whole run: check, create the machine and boot it, or start it from a template, attach the
// scheduler, run the steps, shut down, judge. Thread: host; owns the machine for the time of the
// call.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <schedrig/backend.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/cancellation.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/scheduler_control.hpp"
#include "host/engine/snapshots.hpp"
#include "host/engine/templates.hpp"

namespace schedrig::engine {

struct RunRequest {
  const Scenario& scenario;
  std::string_view backend_id;
  Backend& backend;
  ParamsView backend_params;                   // bound
  const SchedulerChoice& kernels_own;          // eevdf: what runs while nothing is attached
  std::span<const SchedulerChoice> schedulers; // every other one that the scenario names
  std::string kernel_image;                    // path; empty when the backend needs none
  SnapshotSink* snapshots = nullptr;           // where their documents go; null: nowhere
  Templates* templates = nullptr;              // to start the machine from; null: it boots
};

// Never fails: what went wrong is the report's verdict, end and cause.
[[nodiscard]] RunReport run(const RunRequest& request, RunObserver& observer,
                            Cancellation& cancellation);

} // namespace schedrig::engine
